"""Make ``larrey/fhir/ucum/table.json``: conversions of the units in use, so that the UCUM library need not start.

    python scripts/make_ucum_table.py [--check] [CODE…]

Every code of the table is computed anew with the library; CODEs are added. ``--check`` writes nothing and exits 1 when
the table differs. The first codes were those of the R4 value set ucum-common (CC0) and of Synthea.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from larrey.fhir.ucum.converter import look_up

TABLE = Path(__file__).resolve().parent.parent / "larrey" / "fhir" / "ucum" / "table.json"


def row(code: str) -> list[str] | None:
    """``[factor, offset, unit]``, or None for what has no conversion."""
    found = look_up(code)
    return None if found is None else [str(found.factor), str(found.offset), found.unit]


def make(codes: list[str]) -> str:
    """The table's text: JSON with one line per code."""
    rows = (f"{json.dumps(c, ensure_ascii=False)}: {json.dumps(row(c), separators=(',', ':'))}" for c in sorted(set(codes)))
    return "{\n" + ",\n".join(rows) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed table, write nothing")
    parser.add_argument("codes", nargs="*", metavar="CODE")
    arguments = parser.parse_args()
    old = TABLE.read_text("utf-8") if TABLE.is_file() else "{}"
    new = make([*json.loads(old), *arguments.codes])
    if not arguments.check:
        TABLE.write_text(new, "utf-8")
    elif new != old:
        sys.exit("Not current: table.json. Run scripts/make_ucum_table.py.")


if __name__ == "__main__":
    main()
