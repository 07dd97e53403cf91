"""Progress: a bar with rate and time left on a terminal, plain lines elsewhere."""

import io

import pytest

from larrey.cli import progress
from larrey.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the clock tells, in a list of one."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_plain_lines_tell_share_rate_and_time_left(seconds: list[float]) -> None:
    out = io.StringIO()
    with Progress("Loading", "resources", stream=out) as shown:
        shown.start(1000)
        shown.advance(100, 40)
        seconds[0] += 10
        shown.advance(100, 40)
        seconds[0] += 1
        shown.advance(100, 40)
        seconds[0] += 9
        shown.advance(200, 80)
        shown.say("halfway")
    assert out.getvalue().splitlines() == [
        "Loading: 20%, 80 resources, 8/s, 40 s left",
        "Loading: 50%, 200 resources, 10/s, 20 s left",
        "halfway",
    ]


def test_without_a_total_only_what_is_done_is_told(seconds: list[float]) -> None:
    out = io.StringIO()
    with Progress("Exporting", "resources", stream=out) as shown:
        seconds[0] += 6
        shown.advance(0, 1200)
    assert out.getvalue() == "Exporting: 1,200 resources, 200/s\n"


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    out = Terminal()
    with Progress("Loading", "resources", stream=out) as shown:
        shown.start(10)
        shown.advance(10, 5)
        shown.say("one was refused")
    drawn = out.getvalue()
    assert "Loading: 0 resources" in drawn
    assert "left]" in drawn
    assert "one was refused\n" in drawn
    assert drawn.endswith("\r")
