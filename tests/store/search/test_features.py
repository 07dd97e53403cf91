"""Each feature of search on a few resources: includes, terminology, filters, lists, compartments, rights, limits."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.kit.errors import Forbidden, Invalid, TooCostly, Unsupported
from larrey.store.caller import EVERYONE, Caller
from larrey.store.search import Limits, search

LOINC = "http://loinc.org"
TREE = "http://example.org/tree"


def observation(id_: str, code_: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": TREE, "code": code_}]},
        "subject": {"reference": "Patient/p"},
        **more,
    }


RESOURCES: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "top", "name": "Group"},
    {"resourceType": "Organization", "id": "mid", "name": "Hospital", "partOf": {"reference": "Organization/top"}},
    {"resourceType": "Organization", "id": "low", "name": "Ward", "partOf": {"reference": "Organization/mid"}},
    {
        "resourceType": "Practitioner",
        "id": "d",
        "name": [{"family": "Larrey"}],
        "identifier": [{"system": "urn:rpps", "value": "1"}],
    },
    {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"family": "Été"}],
        "birthDate": "1950-05",
        "generalPractitioner": [{"reference": "Practitioner/d"}],
        "managingOrganization": {"reference": "Organization/low"},
    },
    {
        "resourceType": "Patient",
        "id": "q",
        "name": [{"family": "Autre"}],
        "managingOrganization": {"reference": "Organization/mid"},
    },
    observation("a", "A", effectiveDateTime="2020-01-01", performer=[{"reference": "Practitioner/d"}]),
    observation("b", "B", effectiveDateTime="2021-01-01", hasMember=[{"reference": "Observation/a"}]),
    observation("c", "C", hasMember=[{"reference": "Observation/b"}], subject={"reference": "Patient/q"}),
    observation(
        "x",
        "X",
        code={"coding": [{"system": LOINC, "code": "A"}]},
        performer=[{"reference": "Patient/p"}],
        subject={"reference": "Patient/q"},
    ),
    {
        "resourceType": "Condition",
        "id": "k",
        "subject": {"reference": "Patient/p"},
        "evidence": [{"detail": [{"reference": "Observation/a"}]}],
    },
    {
        "resourceType": "List",
        "id": "l",
        "status": "current",
        "mode": "working",
        "subject": {"reference": "Patient/p"},
        "entry": [{"item": {"reference": "Observation/a"}}, {"item": {"reference": "Condition/k"}}],
    },
    {
        "resourceType": "CodeSystem",
        "id": "tree",
        "url": TREE,
        "status": "active",
        "content": "complete",
        "concept": [
            {"code": "A", "concept": [{"code": "B", "concept": [{"code": "D"}]}]},
            {"code": "C", "property": [{"code": "parent", "valueCode": "B"}]},
        ],
    },
    {
        "resourceType": "ValueSet",
        "id": "two",
        "url": "http://example.org/two",
        "version": "1",
        "status": "active",
        "compose": {"include": [{"system": TREE, "concept": [{"code": "A"}, {"code": "B"}]}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "under",
        "url": "http://example.org/under",
        "status": "active",
        "compose": {"include": [{"system": TREE, "filter": [{"property": "concept", "op": "is-a", "value": "B"}]}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "nested",
        "url": "http://example.org/nested",
        "status": "active",
        "compose": {"include": [{"system": TREE}], "exclude": [{"valueSet": ["http://example.org/under"]}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "regex",
        "url": "http://example.org/regex",
        "status": "active",
        "compose": {"include": [{"system": TREE, "filter": [{"property": "concept", "op": "regex", "value": ".*"}]}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "lost",
        "url": "http://example.org/lost",
        "status": "active",
        "compose": {"include": [{"valueSet": ["http://example.org/nowhere"]}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "round",
        "url": "http://example.org/round",
        "status": "active",
        "compose": {"include": [{"valueSet": ["http://example.org/round"]}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "expanded",
        "url": "http://example.org/expanded",
        "status": "active",
        "expansion": {
            "timestamp": "2020",
            "contains": [
                {"system": LOINC, "code": "A"},
                {"abstract": True, "code": "no", "contains": [{"system": TREE, "code": "C"}]},
            ],
        },
    },
]


@pytest.fixture(scope="module")
def cursor(module_connection: psycopg.Connection, caller: Caller, tolerant: Any) -> Any:
    with module_connection.cursor(binary=True) as opened:
        with module_connection.transaction():
            for resource in RESOURCES:
                store.update(opened, caller, resource, rules=tolerant)
        yield opened


@pytest.fixture(scope="module")
def find(cursor: Any, caller: Caller) -> Any:
    """Ids that a search finds, sorted and joined, then after a "+" what it includes."""

    def ask(type_: str | None, *pairs: tuple[str, str], who: Caller = caller, **options: Any) -> str:
        page = search(cursor, who, type_, list(pairs), **options)
        names = " ".join(sorted(stored.id for stored in page.matches))
        return names + (" + " + " ".join(sorted(stored.id for stored in page.included)) if page.included else "")

    return ask


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("_id", "a"), ("_include", "Observation:subject")], "a + p"),
        ([("_id", "a"), ("_include", "Observation:subject:Group")], "a"),
        ([("_id", "a"), ("_include", "Observation:subject"), ("_include", "Observation:performer")], "a + d p"),
        ([("_id", "x"), ("_include", "Observation:performer")], "x + p"),
        ([("_id", "a"), ("_include", "*")], "a + d p"),
        ([("_id", "a"), ("_include", "Observation:*")], "a + d p"),
        ([("_id", "a"), ("_include", "Condition:subject")], "a"),
        ([("_id", "a"), ("_include", "Observation:subject"), ("_include", "Patient:organization")], "a + p"),
        ([("_id", "a"), ("_include", "Observation:subject"), ("_include:iterate", "Patient:organization")], "a + low p"),
        ([("_id", "a"), ("_include", "Observation:subject"), ("_include:iterate", "Patient:organization"),
          ("_include:iterate", "Organization:partof")], "a + low mid p top"),
        ([("_id", "c"), ("_include", "Observation:has-member")], "c + b"),
        ([("_id", "c"), ("_include:iterate", "Observation:has-member")], "c + a b"),
        ([("_id", "b,c"), ("_include", "Observation:has-member")], "b c + a"),
        ([("_id", "a"), ("_revinclude", "Observation:has-member")], "a + b"),
        ([("_id", "a"), ("_revinclude:iterate", "Observation:has-member")], "a + b c"),
        ([("_id", "a"), ("_revinclude", "Condition:*")], "a + k"),
        ([("_id", "a"), ("_revinclude", "*")], "a + b k l"),
        ([("_id", "a"), ("_revinclude", "Condition:evidence-detail"), ("_revinclude", "List:item")], "a + k l"),
        ([("_id", "a"), ("_revinclude", "List:item:Condition")], "a"),
    ],
)  # fmt: skip
def test_includes(find: Any, pairs: list[tuple[str, str]], expected: str) -> None:
    assert find("Observation", *pairs) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("code:in", "http://example.org/two", "a b"),
        ("code:in", "http://example.org/two|1", "a b"),
        ("code:in", "ValueSet/two", "a b"),
        ("code:not-in", "http://example.org/two", "c x"),
        ("code:in", "http://example.org/under", "b c"),
        ("code:in", "http://example.org/nested", "a"),
        ("code:in", "http://example.org/expanded", "c x"),
        ("code:in", "http://example.org/expanded,http://example.org/two", "a b c x"),
        ("status:in", "http://hl7.org/fhir/ValueSet/observation-status", "a b c x"),
        ("code:below", f"{TREE}|B", "b c"),
        ("code:above", f"{TREE}|B", "a b"),
        ("code:above", f"{TREE}|C", "a b c"),
    ],
)
def test_terminology(find: Any, name: str, value: str, expected: str) -> None:
    assert find("Observation", (name, value)) == expected


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("code:in", "http://example.org/nowhere", Invalid),
        ("code:in", "http://example.org/two|2", Invalid),
        ("code:in", "http://example.org/lost", Invalid),
        ("code:in", "http://example.org/regex", Unsupported),
        ("code:in", "http://example.org/round", TooCostly),
        ("code:below", "http://unknown.org|A", Invalid),
        ("code:below", f"{TREE}|Z", Invalid),
        ("code:below", "B", Invalid),
    ],
)
def test_terminology_that_cannot_be_resolved_is_refused(find: Any, name: str, value: str, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        find("Observation", (name, value))
    assert refused.value.issues[0].expression.startswith("code")  # type: ignore[attr-defined]


def test_the_codes_of_a_value_set_are_limited(find: Any) -> None:
    with pytest.raises(TooCostly, match="LARREY_MAX_EXPANSION"):
        find("Observation", ("code:in", "http://example.org/two"), limits=Limits(expansion=1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('code eq "A"', "a x"),
        (f"code eq {TREE}|A", "a"),
        (f"code eq {TREE}|A or code eq {TREE}|B and date ge 2021", "a b"),
        (f"(code eq {TREE}|A or code eq {TREE}|B) and date ge 2021", "b"),
        ("not (date lt 2021)", "b c x"),
        ("date pr false", "c x"),
        ("date pr true and not(performer pr true)", "b"),
        ("date po 2020", "a"),
        ("date sa 2020-06", "b"),
        ("code ne A", "b c"),
        ("code in http://example.org/two", "a b"),
        ("code ni http://example.org/two", "c x"),
        (f"code sb {TREE}|B", "b c"),
        (f"code ss {TREE}|B", "a b"),
        ('subject:Patient.name co "te"', "a b"),
        ('patient.name eq "ete"', "a b"),
        ('patient.name ew "re"', "c x"),
        ("subject re Patient/q", "c x"),
        ("_id eq a or _id eq b", "a b"),
    ],
)
def test_filters(find: Any, text: str, expected: str) -> None:
    assert find("Observation", ("_filter", text)) == expected


def test_lists(find: Any, caller: Caller) -> None:
    assert find("Observation", ("_list", "l")) == "a"
    assert find("Condition", ("_list", "List/l")) == "k"
    assert find("Patient", ("_list", "l")) == ""  # its subject is no entry
    with pytest.raises(Unsupported):
        find("Condition", ("_list", "$current-problems"))
    with pytest.raises(Forbidden):
        find("Condition", ("_list", "l"), who=Caller("t", {"Condition": "s"}, EVERYONE))


def test_compartments(find: Any) -> None:
    assert find("Observation", compartment=("Patient", "p")) == "a b x"  # x: as performer
    assert find("Observation", ("code", "A"), compartment=("Patient", "p")) == "a x"
    assert find(None, compartment=("Patient", "p")) == "a b k l p x"
    assert find(None, ("_type", "Condition,List"), compartment=("Patient", "p")) == "k l"
    assert find("Patient", compartment=("Patient", "p")) == "p"
    assert find("Patient", compartment=("Practitioner", "d")) == "p"
    for compartment, type_ in ((("Patient", "p"), "ValueSet"), (("Ward", "p"), "Observation")):
        with pytest.raises(Invalid):
            find(type_, compartment=compartment)


def test_the_whole_system(find: Any) -> None:
    assert find(None, ("_id", "a,k,p")) == "a k p"
    assert find(None, ("_type", "Patient,Practitioner"), ("family", "larrey,ete")) == "d p"
    assert find(None, ("_type", "Observation,Condition"), ("patient.name", "ete")) == "a b k"
    assert find(None, ("family", "larrey"), ("_type", "Practitioner")) == "d"  # the order of parameters is no matter
    assert find(None, ("_type", "Observation,Condition"), ("date:missing", "true"), lenient=True).split()  # no date of Condition
    for pairs in (
        [("family", "x")],
        [("_type", "Patient,Observation"), ("family", "x")],
        [("_type", "Patient,Observation"), ("_sort", "date")],
    ):
        with pytest.raises(Unsupported):
            find(None, *pairs)
    with pytest.raises(Invalid):
        find(None, ("_type", "Patient,Nothing"))
    with pytest.raises(Unsupported):
        find("Patient", ("_type", "Patient"))


def test_the_newest_comes_first_where_nothing_is_asked(cursor: Any, caller: Caller) -> None:
    assert [stored.id for stored in search(cursor, caller, "Observation", []).matches] == ["x", "c", "b", "a"]


def test_rights(find: Any, cursor: Any) -> None:
    doctor = Caller("t", {"Observation": "s", "Patient": "s"}, EVERYONE)
    assert find("Observation", ("patient.name", "ete"), who=doctor) == "a b"
    assert find("Observation", ("_id", "a"), ("_include", "*"), who=doctor) == "a + p"
    assert find("Observation", ("_id", "a"), ("_revinclude", "*"), who=doctor) == "a + b"
    assert find(None, ("_id", "a,k,p,d"), who=doctor) == "a p"
    assert find("Observation", ("subject.name", "ete"), who=doctor) == "a b"  # Location is left out, not refused
    for type_, pair in [
        ("Condition", ("_id", "k")),
        ("Observation", ("performer:Practitioner.name", "larrey")),
        ("Observation", ("patient.organization.name", "w")),
        ("Patient", ("_has:Condition:patient:_id", "k")),
        ("Observation", ("_has:Condition:evidence-detail:_id", "k")),
        ("Observation", ("_revinclude", "Condition:evidence-detail")),
        ("Observation", ("code:in", "http://example.org/two")),
        ("Observation", ("_filter", 'performer:Practitioner.name eq "larrey"')),
    ]:
        with pytest.raises(Forbidden):
            find(type_, pair, who=doctor)
    with pytest.raises(Forbidden):
        find("Observation", who=Caller("t", {"Observation": "r"}, EVERYONE))
    with pytest.raises(Forbidden):
        find(None, ("_type", "Observation,Condition"), who=doctor)
    assert find(None, who=Caller("nobody")) == ""


def test_one_page_of_a_patients_observations_is_one_statement(cursor: Any, caller: Caller) -> None:
    counting = _Counting(cursor)
    search(counting, caller, "Observation", [("patient", "p"), ("_sort", "-date"), ("_count", "50")])  # type: ignore[arg-type]
    assert len(counting.statements) == 1
    assert "r.patient = " in counting.statements[0]
    assert "tokens" not in counting.statements[0]


class _Counting:
    def __init__(self, cursor: Any) -> None:
        self.cursor, self.connection, self.statements = cursor, cursor.connection, []

    def execute(self, statement: bytes, values: Any, **options: Any) -> Any:
        self.statements.append(statement.decode())
        return self.cursor.execute(statement, values, **options)
