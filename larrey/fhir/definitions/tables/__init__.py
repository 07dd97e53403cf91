"""The committed tables, made by ``scripts/make_fhir_definitions.py``; never edited by hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from larrey.kit import json


@cache
def load(name: str) -> Mapping[str, Any]:
    """The table ``name`` (without ``.json``), read once."""
    table: Mapping[str, Any] = json.loads(files(__name__).joinpath(f"{name}.json").read_bytes())
    return table
