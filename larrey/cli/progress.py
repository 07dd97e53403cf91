"""How long work tells where it is: a bar with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import NoReturn, Self, TextIO

from tqdm import tqdm

PERIOD = 5.0
"""Seconds between two plain lines."""


class Progress:
    """Shows on ``stream`` (standard error by default) how far work is; to be used in a ``with`` block.

    ``total`` measures the work (bytes, files, patients; 0 when unknown), while ``done`` counts what people want to
    know: ``advance(covered, done)`` adds to both. ``noun`` names what ``done`` counts, in the plural.
    """

    def __init__(self, title: str, noun: str, total: float = 0, *, stream: TextIO | None = None) -> None:
        self.title, self.noun, self.total = title, noun, total
        self.covered = 0.0
        self.done = 0
        self._stream = stream or sys.stderr
        self._started = self._told = time.monotonic()
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> Self:
        if self._stream.isatty():
            left = " {percentage:3.0f} % |{bar}|" if self.total else ""
            self._bar = tqdm(
                total=self.total or None,
                file=self._stream,
                leave=False,
                bar_format="{desc}" + left + " [{elapsed}" + (", {remaining} left]" if self.total else "]"),
                desc=f"{self.title}: {self._count()}",
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def start(self, total: float) -> None:
        """Set the total once it is known."""
        self.total = total
        if self._bar is not None:
            self._bar.close()
            self.__enter__()

    def advance(self, covered: float, done: int = 0) -> None:
        """Add to what is covered of the total and to what is done."""
        self.covered += covered
        self.done += done
        if self._bar is not None:
            self._bar.set_description_str(f"{self.title}: {self._count()}", refresh=False)
            self._bar.update(min(covered, max(0.0, self.total - self._bar.n)) if self.total else covered)
        elif time.monotonic() - self._told >= PERIOD:
            self._told = time.monotonic()
            print(self._line(), file=self._stream, flush=True)

    def say(self, line: str) -> None:
        """Print a line without breaking the bar."""
        if self._bar is not None:
            self._bar.write(line, file=self._stream)
        else:
            print(line, file=self._stream, flush=True)

    def _count(self) -> str:
        rate = self.done / max(time.monotonic() - self._started, 1e-6)
        return f"{self.done:,} {self.noun}, {rate:,.0f}/s"

    def _line(self) -> str:
        if not self.total or not self.covered:
            return f"{self.title}: {self._count()}"
        elapsed = time.monotonic() - self._started
        left = elapsed * max(0.0, self.total / self.covered - 1)
        return f"{self.title}: {self.covered / self.total:.0%}, {self._count()}, {left:,.0f} s left"
