"""Compare ways of validating FHIR R4 resources: false refusals, missed faults, quality of the place named, speed.

    python scripts/compare_validators.py EXAMPLES [--bundles FOLDER] [--each 2] [--show KIND]

EXAMPLES is a folder of JSON files (the official ones: npm package hl7.fhir.r4.examples). Resources that every
validator accepts are damaged in one place, in each of the ways of ``MUTATIONS``, and shown to every validator. Besides
Larrey's own, ``fhirkit`` (fhirkit-rs) and ``fhir.resources`` (its R4B models) are compared where they are installed.
The figures of docs/adr/0002-validation.md come from here.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from larrey.fhir import definitions
from larrey.fhir.validation import validate
from larrey.kit import json
from larrey.kit.errors import LarreyError

Json = dict[str, Any]


class Node(NamedTuple):
    """One element of a resource: where it stands, its property, its type, whether it repeats, its owner's type."""

    path: str  # of the owner
    owner: Json
    name: str
    element: definitions.Element
    type: str

    @property
    def place(self) -> str:
        """Where the element stands, as ``Issue.expression`` says it."""
        return f"{self.path}.{self.name}"

    @property
    def value(self) -> Any:
        """The element as the JSON has it, an array if it repeats."""
        return self.owner[self.name]


def nodes(owner: Json, type_: str, path: str) -> Iterator[Node]:
    """Every element of ``owner`` and below, by the definitions."""
    properties = definitions.type_definition(type_).properties
    for name, value in owner.items():
        if name not in properties:
            continue
        element, kind = properties[name]
        yield Node(path, owner, name, element, kind)
        for index, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(item, dict):
                below = item.get("resourceType", kind) if kind == "Resource" else kind
                yield from nodes(item, below, f"{path}.{name}" + (f"[{index}]" if index is not None else ""))


@dataclass
class Mutation:
    """A way of damaging an element; ``apply`` changes it in place and gives the place to be named."""

    name: str
    fits: Callable[[Node], bool]
    apply: Callable[[Node], str]


def _put(value: Any) -> Callable[[Node], str]:
    def apply(node: Node) -> str:
        if isinstance(node.value, list):
            node.value[0] = value
            return f"{node.place}[0]"
        node.owner[node.name] = value
        return node.place

    return apply


def _remove(node: Node) -> str:
    del node.owner[node.name]
    return node.place


def _unknown(node: Node) -> str:
    node.owner["zzUnknown"] = "x"
    return f"{node.path}.zzUnknown"


def _second_choice(node: Node) -> str:
    suffix = next(t for t in node.element.types if t != node.type and t in ("string", "boolean", "dateTime", "Period"))
    values = {"string": "x", "boolean": True, "dateTime": "2020", "Period": {"start": "2020"}}
    node.owner[node.element.name + suffix[0].upper() + suffix[1:]] = values[suffix]
    return f"{node.path}.{node.element.name}"


def _wrap(node: Node) -> str:
    node.owner[node.name] = [node.value]
    return node.place


def _unwrap(node: Node) -> str:
    node.owner[node.name] = node.value[0]
    return node.place


def _whole(value: Any) -> Callable[[Node], str]:
    def apply(node: Node) -> str:
        node.owner[node.name] = value
        return node.place

    return apply


def _wrong_target(node: Node) -> str:
    wrong = next(t for t in ("Slot", "Flag", "Linkage") if t not in node.element.targets)
    place = _put({"reference": f"{wrong}/1"})(node)
    return f"{place}.reference"


def _siblings(node: Node) -> str:
    node.owner["_" + node.name] = [{"id": "a"}] * (len(node.value) + 1)
    return node.place


def _contained(node: Node) -> str:
    node.owner["contained"] = [{"resourceType": "Nonsense", "id": "n"}]
    return f"{node.path}.contained[0].resourceType"


def _of(*types: str) -> Callable[[Node], bool]:
    return lambda node: node.type in types


def _anything(_node: Node) -> bool:
    return True


def _restricted(node: Node) -> bool:
    return node.type == "Reference" and bool(node.element.targets) and "Resource" not in node.element.targets


def _enumerated(node: Node) -> bool:
    binding = node.element.binding
    return node.type == "code" and binding is not None and definitions.required_codes(binding) is not None


def _optional(node: Node) -> bool:
    others = {"string", "boolean", "dateTime", "Period"} & set(node.element.types) - {node.type}
    return node.element.choice and bool(others)


def _own_id(node: Node) -> bool:
    type_ = node.owner.get("resourceType")
    return node.name == "id" and "." not in node.path and type_ not in ("Bundle", "Binary", "Parameters")


def _broken_local(node: Node) -> str:
    return _put({"reference": "#nowhere"})(node) + ".reference"


def _text(node: Node) -> bool:
    return node.type in ("string", "markdown", "uri", "code", "date", "dateTime", "id", "instant")


MUTATIONS = [
    Mutation("required element missing", lambda n: n.element.min > 0, _remove),
    Mutation("unknown element", _anything, _unknown),
    Mutation("number for string", _text, _put(12345)),
    Mutation("string for boolean", _of("boolean"), _put("true")),
    Mutation("string for number", _of("decimal", "integer", "positiveInt", "unsignedInt"), _put("12")),
    Mutation("string for object", lambda n: n.type[0].isupper() and n.type != "Resource", _put("text")),
    Mutation("impossible date", _of("date", "dateTime"), _put("2021-02-30")),
    Mutation("date in another format", _of("date", "dateTime", "instant"), _put("30/01/2021")),
    Mutation("time without zone", _of("dateTime", "instant"), _put("2021-01-30T10:00:00")),
    Mutation("white space in id", lambda n: n.name == "id" and n.type == "id", _put("a b")),
    Mutation("white space in URI", _of("uri", "url", "canonical"), _put("http://a b")),
    Mutation("white space around code", lambda n: n.type == "code" and n.element.binding is None, _put(" x ")),
    Mutation("code outside required binding", _enumerated, _put("zz-none")),
    Mutation("integer too big", _of("integer", "positiveInt", "unsignedInt"), _put(2**31)),
    Mutation("negative positiveInt", _of("positiveInt", "unsignedInt"), _put(-1)),
    Mutation("fraction for integer", _of("integer", "positiveInt", "unsignedInt"), _put(1.5)),
    Mutation("not base64", _of("base64Binary"), _put("?!")),
    Mutation("two choices", _optional, _second_choice),
    Mutation("array for single", lambda n: n.element.max == 1, _wrap),
    Mutation("single for array", lambda n: n.element.max != 1, _unwrap),
    Mutation("empty array", lambda n: n.element.max != 1, _whole([])),
    Mutation("empty object", lambda n: n.type[0].isupper() and n.type != "Resource", _put({})),
    Mutation("empty string", _text, _put("")),
    Mutation("null", _anything, _whole(None)),
    Mutation("wrong reference target", _restricted, _wrong_target),
    Mutation("broken local reference", lambda n: n.type == "Reference", _broken_local),
    Mutation("siblings of another length", lambda n: n.element.max != 1 and n.type == "string", _siblings),
    Mutation("unknown contained type", _own_id, _contained),
    Mutation("script in narrative", _of("xhtml"), _put('<div xmlns="http://www.w3.org/1999/xhtml">a<script>b()</script></div>')),
    Mutation("event in narrative", _of("xhtml"), _put('<div xmlns="http://www.w3.org/1999/xhtml"><b onclick="b()">a</b></div>')),
]  # fmt: skip


def mutants(resource: Json, each: int, chance: random.Random) -> Iterator[tuple[str, str, Json]]:
    """``(mutation, place, damaged resource)``: up to ``each`` of every mutation that fits somewhere."""
    type_ = resource["resourceType"]
    found = list(nodes(resource, type_, type_))
    for mutation in MUTATIONS:
        places = [index for index, node in enumerate(found) if mutation.fits(node)]
        for index in chance.sample(places, min(each, len(places))):
            damaged = copy.deepcopy(resource)
            place = mutation.apply(list(nodes(damaged, type_, type_))[index])
            yield mutation.name, place, damaged


# Validators ---------------------------------------------------------------------------------------------------------

Validator = Callable[[Json, bytes], list[str]]
"""Gives the places of the errors found in a resource; empty when it is accepted."""


def _larrey(resource: Json, _body: bytes) -> list[str]:
    return [issue.expression for issue in validate(resource)]


def validators() -> dict[str, Validator]:
    """Larrey's own and those that are installed."""
    found: dict[str, Validator] = {"larrey": _larrey}
    try:
        fhirkit = import_module("fhirkit")
    except ImportError:
        print("fhirkit-rs is not installed, so it is left out.")
    else:

        def by_fhirkit(_resource: Json, body: bytes) -> list[str]:
            try:
                return [issue.path for issue in fhirkit.validate(body) if issue.severity == "error"]
            except ValueError as error:
                return [str(error)]

        found["fhirkit"] = by_fhirkit
    try:
        models = import_module("fhir.resources.R4B")
    except ImportError:
        print("fhir.resources is not installed, so it is left out.")
    else:

        def by_models(resource: Json, body: bytes) -> list[str]:
            try:
                models.get_fhir_model_class(resource["resourceType"]).model_validate_json(body)
            except ValueError as error:
                details: list[Any] = getattr(error, "errors", list)()
                return [
                    resource["resourceType"] + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in detail["loc"])
                    for detail in details
                ] or [str(error)]
            except (KeyError, LookupError, TypeError, AttributeError) as error:
                return [repr(error)]
            return []

        found["fhir.resources"] = by_models
    return found


def read(folder: Path) -> Iterator[tuple[str, Json]]:
    """The resources of the JSON files under ``folder``, by file name."""
    for path in sorted(folder.rglob("*.json")):
        try:
            resource = json.loads(path.read_bytes())
        except LarreyError as error:
            print(f"{path.name}: {error}")
            continue
        if isinstance(resource, dict) and resource.get("resourceType") in definitions.resource_types():
            yield path.name, resource


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("examples", type=Path)
    parser.add_argument("--bundles", type=Path, help="folder of bundles whose entries are timed and must be accepted")
    parser.add_argument("--each", type=int, default=2, help="mutants of one kind per resource")
    parser.add_argument("--most", type=int, default=4, help="examples of one type that are damaged")
    parser.add_argument("--show", help="print the mutants of this kind that some validator misses")
    arguments = parser.parse_args()
    ways = validators()
    chance = random.Random(20261122)  # noqa: S311 - the same mutants in every run

    refused: dict[str, list[str]] = {name: [] for name in ways}
    seeds: dict[str, list[Json]] = {}
    count = 0
    for file, resource in read(arguments.examples):
        body = json.dumps(resource)
        count += 1
        answers = {name: way(resource, body) for name, way in ways.items()}
        for name, places in answers.items():
            if places:
                refused[name].append(f"{file} at {places[0][:90]}")
        chosen = seeds.setdefault(resource["resourceType"], [])
        if not any(answers.values()) and len(body) < 100_000 and len(chosen) < arguments.most:
            chosen.append(resource)
    print(f"\n{count} examples; refused:")
    for name, files in refused.items():
        print(f"  {name}: {len(files)}")
        for line in files[:30]:
            print(f"      {line}")

    made: Counter[str] = Counter()
    missed: dict[str, Counter[str]] = {name: Counter() for name in ways}
    exact: Counter[str] = Counter()
    near: Counter[str] = Counter()
    for resource in (one for chosen in seeds.values() for one in chosen):
        for kind, place, damaged in mutants(resource, arguments.each, chance):
            made[kind] += 1
            body = json.dumps(damaged)
            for name, way in ways.items():
                places = [found.replace("[x]", "") for found in way(damaged, body)]
                if not places:
                    missed[name][kind] += 1
                    if kind == arguments.show:
                        print(f"  {name} misses {kind} at {place}")
                elif place in places:
                    exact[name] += 1
                else:
                    if kind == arguments.show:
                        print(f"  {name} names {places[0]} for {place}")
                    near[name] += any(place.startswith(found) for found in places)
    total = sum(made.values())
    print(f"\n{total} mutants of {sum(map(len, seeds.values()))} resources; missed:")
    print(f"  {'':32} {'made':>6} " + " ".join(f"{name:>15}" for name in ways))
    for kind, number in made.items():
        print(f"  {kind:32} {number:6} " + " ".join(f"{missed[name][kind] or '':>15}" for name in ways))
    print(f"  {'missed in all':32} {total:6} " + " ".join(f"{sum(missed[name].values()):>15}" for name in ways))
    print(f"  {'exact place named':32} {'':6} " + " ".join(f"{exact[name]:>15}" for name in ways))
    print(f"  {'only an owner of the place named':32} {'':6} " + " ".join(f"{near[name]:>15}" for name in ways))

    if arguments.bundles:
        timed(arguments.bundles, ways)


def timed(folder: Path, ways: dict[str, Validator]) -> None:
    """CPU per resource of the entries of bundles; a hundred bundles are enough for the slow ones."""
    spent: dict[str, float] = dict.fromkeys(ways, 0.0)
    seen: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for number, (_, bundle) in enumerate(read(folder)):
        resources = [(entry["resource"], json.dumps(entry["resource"])) for entry in bundle["entry"]]
        for name, way in ways.items():
            if name == "fhir.resources" and number >= 10:
                continue
            start = time.process_time()
            refused[name] += sum(1 for resource, body in resources if way(resource, body))
            spent[name] += time.process_time() - start
            seen[name] += len(resources)
    print("\nEntries of bundles:")
    for name in ways:
        print(f"  {name:15} {seen[name]:7} seen, {refused[name]:5} refused, {spent[name] / seen[name] * 1e6:7.1f} µs of CPU each")


if __name__ == "__main__":
    main()
