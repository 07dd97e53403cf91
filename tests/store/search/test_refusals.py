"""What search refuses: by name, with the parameter as expression; never a silent omission, never a raw error."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.kit.errors import Invalid, TooCostly, Unsupported
from larrey.store.caller import Caller
from larrey.store.search import Limits, matching, search

RESOURCES: list[dict[str, Any]] = [
    {
        "resourceType": "Practitioner",
        "id": "d",
        "name": [{"family": "Larrey"}],
        "identifier": [{"system": "urn:rpps", "value": "1"}],
    },
    {"resourceType": "Patient", "id": "p", "name": [{"family": "Été"}]},
    *(
        {
            "resourceType": "Observation",
            "id": id_,
            "status": "final",
            "code": {"coding": [{"system": "urn:codes", "code": id_.upper()}]},
            "subject": {"reference": "Patient/p"},
            **({"hasMember": [{"reference": f"Observation/{member}"}]} if member else {}),
        }
        for id_, member in (("a", ""), ("b", "a"), ("c", "b"))
    ),
]


@pytest.fixture(scope="module")
def cursor(module_connection: psycopg.Connection, caller: Caller, tolerant: Any) -> Any:
    with module_connection.cursor(binary=True) as opened:
        with module_connection.transaction():
            for resource in RESOURCES:
                store.update(opened, caller, resource, rules=tolerant)
        yield opened


def find(cursor: Any, caller: Caller, *pairs: tuple[str, str], limits: Limits) -> str:
    page = search(cursor, caller, "Observation", list(pairs), limits=limits)
    return " ".join(stored.id for stored in [*page.matches, *page.included])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", Invalid),
        ("code", Invalid),
        ("code eq", Invalid),
        ("(code eq A", Invalid),
        ("code eq A)", Invalid),
        ("code eq A and", Invalid),
        ('code eq "A', Invalid),
        ("not code eq A", Invalid),
        ("date eq ge2020", Invalid),
        ("date pr maybe", Invalid),
        ("code co A", Unsupported),
        ("code like A", Unsupported),
        ("date co 2020", Unsupported),
        ("subject[name eq A].name eq B", Unsupported),
        ("code:not eq A", Unsupported),
        ("nothing eq A", Unsupported),
        ("(" * 60 + "code eq A" + ")" * 60, TooCostly),
        (" or ".join(["code eq A"] * 600), TooCostly),
    ],
)
def test_filters_that_are_refused(cursor: Any, caller: Caller, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        search(cursor, caller, "Observation", [("_filter", text)])


def test_what_is_unknown_is_refused_by_name_or_ignored_with_a_warning(cursor: Any, caller: Caller) -> None:
    refused = [
        ("nothing", "1"),
        ("code:missing:x", "true"),
        ("code:exact", "A"),
        ("date:contains", "2020"),
        ("_text", "x"),
        ("_content", "x"),
        ("_query", "x"),
        ("_contained", "true"),
        ("_containedType", "container"),
        ("status.name", "x"),
        ("subject:Ward.name", "x"),
        ("_sort", "nothing"),
        ("_sort", "code-value-quantity"),
        ("_include", "Observation:nothing"),
        ("_include", "Observation:code"),
        ("_include:recurse", "Observation:subject"),
        ("_has:Patient:organization:name", "x"),
        ("subject.nothing", "x"),
        ("_type", "Observation"),
    ]
    for pair in refused:
        with pytest.raises(Unsupported) as error:
            search(cursor, caller, "Observation", [pair])
        assert pair[0].partition(":")[0].partition(".")[0] in error.value.issues[0].expression
        page = search(cursor, caller, "Observation", [pair, ("_id", "a")], lenient=True)
        assert [warning.severity for warning in page.warnings] == ["warning"]
        assert [stored.id for stored in page.matches] == ["a"]
        assert page.query.applied == (("_id", "a"),)
    for pair in [
        ("date", "yesterday"),
        ("value-quantity", "many"),
        ("value-quantity", "5|mg"),
        ("code", ""),
        ("code", "a|b|c"),
        ("code", "|"),
        ("_count", "-1"),
        ("_count", "x"),
        ("_total", "many"),
        ("_summary", "yes"),
        ("_include", "Nothing:x"),
        ("_include", "x"),
        ("subject", "a b"),
        ("_has:x", "1"),
        ("_has:Nothing:a:b", "1"),
        ("code:missing", "perhaps"),
        ("_list", "a/b"),
        ("code-value-quantity", "A"),
        ("code", "a\x00"),
        ("code", "\ud800"),
        ("value-string", "---"),
        ("value-string", "x" * 201),
        ("code:of-type", "a|b"),
        ("subject:Patient", "Group/1"),
    ]:
        with pytest.raises(Invalid):
            search(cursor, caller, "Observation", [pair], lenient=True)
    with pytest.raises(Invalid, match="more than once"):
        search(cursor, caller, "Observation", [("_count", "1"), ("_count", "2")])
    with pytest.raises(Invalid):
        search(cursor, caller, "Nothing", [])


def test_limits_are_told_by_name(cursor: Any, caller: Caller) -> None:
    for name, small, pair in [
        ("LARREY_MAX_PAGE_SIZE", Limits(page_max=5), ("_count", "6")),
        ("LARREY_MAX_INCLUDES", Limits(includes=0), ("_include", "*")),
        ("LARREY_MAX_INCLUDE_DEPTH", Limits(include_depth=1), ("_include:iterate", "Observation:has-member")),
        ("LARREY_MAX_OR_VALUES", Limits(or_values=2), ("code", "A,B,C")),
        ("LARREY_MAX_CHAIN_DEPTH", Limits(chain_depth=1), ("patient.organization.name", "w")),
    ]:
        with pytest.raises(TooCostly, match=name):
            search(cursor, caller, "Observation", [("_id", "c"), pair] if "iterate" in pair[0] else [pair], limits=small)
    limits = Limits(or_values=2, chain_depth=1, includes=2, include_depth=2)
    assert find(cursor, caller, ("code", "A,B"), ("patient.name", "ete"), limits=limits) == "b a"
    assert find(cursor, caller, ("_id", "c"), ("_include:iterate", "Observation:has-member"), limits=limits) == "c b a"


def test_a_search_that_takes_too_long_is_stopped_and_the_connection_lives(cursor: Any, caller: Caller) -> None:
    for _ in range(3):
        with pytest.raises(TooCostly):
            search(_Slow(cursor), caller, "Observation", [], limits=Limits(seconds=0.2))  # type: ignore[arg-type]
        assert find(cursor, caller, ("_id", "a"), limits=Limits()) == "a"
    assert find(cursor, caller, ("_id", "a"), limits=Limits(seconds=0.5)) == "a"


class _Slow:
    """A cursor on which every statement first waits in the database."""

    def __init__(self, cursor: Any) -> None:
        self.cursor, self.connection = cursor, cursor.connection

    def execute(self, statement: bytes, values: Any, **options: Any) -> Any:
        return self.cursor.execute(b"select x.* from (" + statement + b") x, pg_sleep(5) y", values, **options)


def test_criteria_of_conditional_operations(cursor: Any, caller: Caller) -> None:
    assert [stored.id for stored in matching(cursor, caller, "Practitioner", "identifier=urn:rpps|1")] == ["d"]
    assert [stored.id for stored in matching(cursor, caller, "Practitioner", "?identifier=urn%3Arpps%7C1&name=larrey")] == ["d"]
    assert [stored.id for stored in matching(cursor, caller, "Observation", "code=urn:codes|A,urn:codes|B&status=final")] == [
        "b",
        "a",
    ]
    assert len(matching(cursor, caller, "Observation", "status=final", limit=3)) == 3
    for criteria in ("", "?", "_sort=date", "code=A&_count=3", "code=", "nothing=1", "_include=*", "&&"):
        with pytest.raises((Invalid, Unsupported)):
            matching(cursor, caller, "Observation", criteria)
