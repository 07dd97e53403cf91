"""``python -m larrey`` is the command ``larrey``."""

from __future__ import annotations

from larrey.cli.main import main

main()
