"""Contracts for import-linter that know what a room is; pyproject.toml lists them, `make lint` runs them.

A room is a package in ``larrey.apps`` with an ``apps.py``; other packages there (the demo set) only keep the first rule.
"""

from __future__ import annotations

from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

ROOMS = "larrey.apps"
STOREYS = ("urls", "views", "forms", "jobs", "api", "actions", "queries", "models")
"""The modules of a room, each of which may import only those after it."""

FREE = ("apps", "migrations", "templates", "locale", "static", "tests", "README.md", "__init__")
LONGEST_README = 15
DRAWERS = ("utils", "util", "helpers", "helper", "misc", "common", "managers", "manager")


class _Findings(Contract):
    """A contract that collects sentences."""

    def find(self, graph: ImportGraph) -> list[str]:
        raise NotImplementedError

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001  import-linter's signature
        found = sorted(self.find(graph))
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for sentence in check.metadata["found"]:
            output.print_error(f"- {sentence}")


class Doors(_Findings):
    """Rooms meet only through ``<room>.api``."""

    def find(self, graph: ImportGraph) -> list[str]:
        found = []
        for importer in graph.modules:
            room = _room(importer)
            if room is None:
                continue
            for imported in graph.find_modules_directly_imported_by(importer):
                other = _room(imported)
                if other not in {None, room} and not _within(imported, f"{ROOMS}.{other}.api"):
                    found.append(f"{importer} imports {imported}; only {ROOMS}.{other}.api may be imported from another room.")
        return found


class Anatomy(_Findings):
    """A room has the modules of the house and no others, in their order, and a README of a few lines."""

    def find(self, graph: ImportGraph) -> list[str]:
        found = []
        for room in _rooms():
            package = f"{ROOMS}.{room.name}"
            for entry in room.iterdir():
                name = entry.stem if entry.suffix == ".py" else entry.name
                if name not in STOREYS and name not in FREE and name != "__pycache__":
                    found.append(f"{package} holds {entry.name}; a room holds {', '.join(STOREYS)}, apps, templates, tests.")
            readme = room / "README.md"
            if not readme.is_file():
                found.append(f"{package} has no README.md.")
            elif len(readme.read_text("utf-8").splitlines()) > LONGEST_README:
                found.append(f"The README.md of {package} is longer than {LONGEST_README} lines.")
            for place, storey in enumerate(STOREYS):
                for importer in (module for module in graph.modules if _within(module, f"{package}.{storey}")):
                    for imported in graph.find_modules_directly_imported_by(importer):
                        above = [name for name in STOREYS[:place] if _within(imported, f"{package}.{name}")]
                        if above and (storey, above[0]) != ("jobs", "forms"):
                            found.append(f"{importer} imports {imported}; within a room imports go down: {' > '.join(STOREYS)}.")
        return found


class Names(_Findings):
    """No drawers: a module's name says what it holds."""

    def find(self, graph: ImportGraph) -> list[str]:
        return [
            f"{module} is a drawer; name it after what it holds."
            for module in graph.modules
            if module.rpartition(".")[2] in DRAWERS
        ]


def _rooms() -> list[Path]:
    folder = Path(*ROOMS.split("."))
    return sorted(path.parent for path in folder.glob("*/apps.py"))


def _room(module: str) -> str | None:
    parts = module.split(".")
    return parts[2] if module.startswith(f"{ROOMS}.") else None


def _within(module: str, ancestor: str) -> bool:
    return module == ancestor or module.startswith(f"{ancestor}.")
