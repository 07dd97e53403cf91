"""Do the documents hold together? Every relative link of a Markdown file leads to a file, and every anchor to a heading.

    python scripts/check_docs.py

Exits 1 and names each broken link.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def documents() -> Iterator[Path]:
    """The Markdown files of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = (
        listed.stdout.splitlines() if listed.returncode == 0 else [str(p.relative_to(ROOT)) for p in ROOT.glob("[!.]*/**/*.md")]
    )
    yield from (ROOT / name for name in names if (ROOT / name).is_file())


def broken(document: Path) -> Iterator[str]:
    """The links of ``document`` that lead nowhere."""
    text = _CODE.sub("", document.read_text("utf-8"))
    for target in _LINK.findall(text):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue  # elsewhere: not checked, tests need no network
        path, _, anchor = unquote(target).partition("#")
        place = (document.parent / path).resolve() if path else document
        if not place.exists():
            yield f"{document.relative_to(ROOT)} links to {target}, which does not exist."
        elif anchor and place.suffix == ".md" and anchor not in anchors(place):
            yield f"{document.relative_to(ROOT)} links to {target}, which has no such heading."


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of ``document``."""
    headings = _HEADING.findall(re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in headings}


def main() -> int:
    """Check every document; return the exit code."""
    found = [sentence for document in documents() for sentence in broken(document)]
    for sentence in found:
        print(sentence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
