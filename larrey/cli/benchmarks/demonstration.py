"""Bundles for who has none at hand: the French demo set, one transaction bundle per patient, as files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from larrey.apps.demo import api
from larrey.cli.loading.units import transaction
from larrey.kit import json

PATIENTS = 300
TODAY = date(2026, 11, 1)
"""Fixed, so that every run loads the same bytes."""


def write(folder: Path, patients: int = PATIENTS) -> Path:
    """Write the demo set of ``patients`` patients as bundles into ``folder``, and return it."""
    for number, resources in enumerate(api.generate(patients=patients, today=TODAY)):
        bundle = transaction([{"resource": resource} for resource in resources])
        (folder / f"{number:05d}.json").write_bytes(json.dumps(bundle))
    return folder
