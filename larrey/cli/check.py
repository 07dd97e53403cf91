"""``larrey check``: is this installation sound?"""

from __future__ import annotations

import click

from larrey.cli.output import json_option, result


@click.command("check")
@json_option
def command(*, as_json: bool) -> int:
    """Say whether this installation is sound: settings, disk, database, clock, migrations.

    Exits with 1 when something must be repaired; a warning leaves 0.
    """
    from larrey.site import soundness

    findings = soundness.examine()
    width = max(len(finding.subject) for finding in findings)
    lines = [f"{_MARKS[finding.state]}  {finding.subject:{width}}  {finding.text}" for finding in findings]
    sound = all(finding.state != "broken" for finding in findings)
    lines.append("This installation is sound." if sound else "This installation needs repair.")
    value = {"sound": sound, "findings": [finding.as_json() for finding in findings]}
    result(value, "\n".join(lines), as_json=as_json)
    return 0 if sound else 1


_MARKS = {"sound": "ok     ", "warning": "warning", "broken": "BROKEN "}
