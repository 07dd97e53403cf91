"""The data folder: made whole or not at all, and what its postmaster.pid tells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from larrey.kit.errors import Misconfigured
from larrey.site.postgres.programs import Account, Binaries, identity

ROLE = "larrey"


def make_cluster(data: Path, cluster: Path, programs: Binaries, account: Account | None, *, durable: bool) -> None:
    """Make the cluster unless it is there; refuse what is not one of ours."""
    for left in data.glob("postgres.making-*"):  # an initdb that was interrupted
        shutil.rmtree(left, ignore_errors=True)
    if cluster.exists() and any(cluster.iterdir()):
        try:
            major = (cluster / "PG_VERSION").read_text().strip()
            whole = (cluster / "global" / "pg_control").is_file()
        except FileNotFoundError:
            major, whole = "", False
        if not whole:
            raise Misconfigured(
                f"{cluster} is not a whole PostgreSQL data folder (half-made, damaged or foreign); move it away to start "
                "on an empty record, or set LARREY_DATA to another folder."
            )
        if major != str(programs.major):
            raise Misconfigured(
                f"{cluster} was made by PostgreSQL {major} and this is PostgreSQL {programs.major}: dump it with the old "
                "version and restore it, or set LARREY_POSTGRES_BIN to that version."
            )
        return
    making = Path(tempfile.mkdtemp(prefix="postgres.making-", dir=data))
    try:
        if account:
            os.chown(making, account.uid, account.gid)
        command = [str(programs.folder / "initdb"), "-D", place(making), "-U", ROLE, "-A", "trust", "-E", "UTF8"]
        command += ["--locale=C.UTF-8"]
        if programs.major >= 17:  # the same order of text on every machine, and faster than libc's
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not durable:
            command += ["--no-sync"] + (["--no-data-checksums"] if programs.major >= 18 else [])
        made = subprocess.run(
            command, cwd=making, env=environment(), capture_output=True, text=True, check=False, **identity(account)
        )
        if made.returncode:
            raise Misconfigured(f"PostgreSQL could not make its data folder: {last_line(made.stderr)}")
        making.rename(cluster)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def postmaster(cluster: Path) -> list[str]:
    """The lines of postmaster.pid (process, folder, start, port, socket folder, address, memory key, state), or none.

    https://www.postgresql.org/docs/18/storage-file-layout.html
    """
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        raise Misconfigured(f"{cluster} belongs to another user; start Larrey as that user.") from None
    return lines if lines and lines[0].strip().isdigit() else []


def alive(cluster: Path, pid: int) -> bool:
    """Whether ``pid`` is a server on ``cluster``, not another program that was given the same number."""
    try:
        os.kill(pid, 0)
        return sys.platform != "linux" or Path(f"/proc/{pid}/cwd").samefile(cluster)
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError:
        return True


def place(folder: Path) -> str:
    return "/proc/self/cwd" if sys.platform == "linux" else str(folder)


def environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
