"""The coverage-guided fuzzer, for a few seconds; by hand it runs for as long as one likes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_few_seconds_of_fuzzing_find_nothing(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "fuzz_api.py"), "--seconds", "8"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    assert "Done " in run.stderr
