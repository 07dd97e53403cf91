"""Check that the codes of the demo's catalogue stand in the published terminologies, with the labels the catalogue gives.

    python scripts/check_demo_codes.py FOLDER

FOLDER holds ``cim10.csv.gz`` (code,…,long), ``ccam.csv.gz`` (CDE;S;LIBC), ``atc_drug_names_fr.json`` and
``bdpm/CIS_bdpm.txt.gz``, ``bdpm/CIS_MITM.txt.gz``.
Prints what is wrong and exits with 1 when anything is. The short labels of the CCAM file are not compared, only its codes.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from larrey.apps.demo.catalogue import ACTS, DIAGNOSES, DRUGS
from larrey.apps.demo.catalogue.alerts import ALLERGIES
from larrey.apps.demo.catalogue.background import VACCINES

_SUPPRESSED = re.compile(r"^\*\*\* SU\d+ \*\*\* ")
"""Mark of a code that is no longer to be used, before its label (the digits are the year since when)."""


def rows(path: Path, separator: str, encoding: str = "utf-8") -> Iterator[list[str]]:
    """The rows of a compressed table."""
    with gzip.open(path, "rt", encoding=encoding, newline="") as stream:
        yield from csv.reader(stream, delimiter=separator, quoting=csv.QUOTE_MINIMAL if separator == "," else csv.QUOTE_NONE)


def faults(folder: Path) -> list[str]:
    """What is wrong, in words."""
    found = []
    cim10 = {row[0]: " ".join(row[5].split()) for row in rows(folder / "cim10.csv.gz", ",") if not _SUPPRESSED.match(row[5])}
    for code, label in DIAGNOSES.items():
        known = cim10.get(code.replace(".", ""))
        if known != label:
            found.append(f"CIM-10 {code} {label!r}: published as {known!r}")
    ccam = {row[0] for row in rows(folder / "ccam.csv.gz", ";")}
    found += [f"CCAM {code} is not published" for code in ACTS if code not in ccam]
    bdpm = {row[0]: row[1].strip() for row in rows(folder / "bdpm" / "CIS_bdpm.txt.gz", "\t", "cp1252")}
    interest = {row[0]: row[1] for row in rows(folder / "bdpm" / "CIS_MITM.txt.gz", "\t", "cp1252")}
    atc = json.loads((folder / "atc_drug_names_fr.json").read_text("utf-8")).keys() | set(interest.values())
    for drug in DRUGS.values():
        if bdpm.get(drug.cis) != drug.label:
            found.append(f"CIS {drug.cis} {drug.label!r}: published as {bdpm.get(drug.cis)!r}")
        if interest.get(drug.cis, drug.atc) != drug.atc:
            found.append(f"CIS {drug.cis} has ATC {interest[drug.cis]}, not {drug.atc}")
    codes = (
        {drug.atc for drug in DRUGS.values()} | {one.atc for one in ALLERGIES.values() if one.atc} | {one.atc for one in VACCINES}
    )
    # A class stands in the list of names only through what belongs to it.
    found += [f"ATC {code} is not published" for code in sorted(codes) if not any(known.startswith(code) for known in atc)]
    return found


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]))
    print("\n".join(wrong) or f"All {len(DIAGNOSES) + len(ACTS) + len(DRUGS)} codes are published under these labels.")
    sys.exit(bool(wrong))
