"""What the stories are made of: codes with their official French labels, read once from the tables beside this file.

``DIAGNOSES`` (CIM-10), ``ACTS`` (CCAM) and ``DRUGS`` (BDPM) hold only what the pathways use;
``scripts/check_demo_codes.py`` checks them against the published terminologies.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import NamedTuple


class Drug(NamedTuple):
    """A speciality of the public database of medicines (BDPM): its ``cis`` code and ``label``.

    ``unit`` is what is counted in a dose; ``substance`` is the name to use in a sentence.
    """

    key: str
    cis: str
    label: str
    atc: str
    unit: str
    substance: str
    route: str


def rows(name: str) -> list[list[str]]:
    """The rows of the table ``name`` without its heading."""
    text = files(__name__).joinpath(f"{name}.csv").read_text("utf-8")
    return list(csv.reader(text.splitlines(), delimiter=";"))[1:]


DIAGNOSES: dict[str, str] = dict(rows("diagnoses"))
ACTS: dict[str, str] = dict(rows("acts"))
DRUGS: dict[str, Drug] = {row[0]: Drug(*row) for row in rows("drugs")}
