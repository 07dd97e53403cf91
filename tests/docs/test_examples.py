"""Every shell example in the documentation is run, in order, against a server; what it prints is compared."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("tutorial/*.md")) + sorted((ROOT / "docs").glob("how-to/*.md"))
_BLOCK = re.compile(r"(<!-- not run:[^\n]*-->\n)?```sh\n(.*?)\n```(?:\n```text\n(.*?)\n```)?", re.DOTALL)
_END = "--- end of example ---"


@dataclass(frozen=True)
class Example:
    """A block of commands and what it must print; ``…`` stands for any lines."""

    commands: str
    prints: str | None


def examples(page: Path) -> list[Example]:
    return [Example(m[2], m[3]) for m in _BLOCK.finditer(page.read_text("utf-8")) if not m[1]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a newcomer's second terminal, with a demo server running."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LARREY_")}
    variables |= {
        "LARREY_DATA": str(tmp_path_factory.mktemp("var")),
        "LARREY_PORT": str(free_port()),
        "PATH": f"{Path(sys.executable).parent}:{variables['PATH']}",
    }
    command = [str(Path(sys.executable).parent / "larrey"), "demo", "--patients", "8"]
    server = subprocess.Popen(command, env=variables, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        ready = f"http://127.0.0.1:{variables['LARREY_PORT']}/readyz"
        deadline = time.monotonic() + 120
        while True:
            try:
                with urlopen(ready, timeout=5):
                    break
            except URLError:  # nobody listens yet, or 503
                assert server.poll() is None, "the demo did not start"
            assert time.monotonic() < deadline, "the demo was not ready in time"
            time.sleep(0.1)
        yield variables
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_do_what_the_page_says(page: Path, environment: dict[str, str]) -> None:
    found = examples(page)
    assert found, f"{page.name} has no example"
    script = "\n".join(["set -euo pipefail", *(f"{example.commands}\necho '{_END}'" for example in found)])
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{environment['LARREY_PORT']}")
    script = script.replace("source .venv/bin/activate", "true")
    run = subprocess.run(
        ["bash", "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    printed = run.stdout.split(f"{_END}\n")
    for example, output in zip(found, printed, strict=False):
        if example.prints is not None:
            pattern = ".*".join(re.escape(part) for part in example.prints.split("…"))
            assert re.fullmatch(pattern, output.strip(), re.DOTALL), f"{example.commands}\nprinted\n{output}"
