from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larrey.access.scopes import Scope, Scopes, beyond, both, common, letters_on, limited, parse, rights, weigh
from larrey.fhir.definitions import resource_types, search_parameters
from larrey.kit.errors import Invalid, LarreyError, Unsupported

LABORATORY = "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
VITALS = "category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs"


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("system/*.rs", {"*": "rs"}),
        ("system/Observation.cruds", {"Observation": "cruds"}),
        ("system/Patient.r  system/Patient.s", {"Patient": "rs"}),
        ("system/*.read system/Observation.write", {"*": "rs", "Observation": "cud"}),
        ("system/*.*", {"*": "cruds"}),
        (f"system/Observation.rs?{LABORATORY}", {"Observation": "rs"}),
    ],
)
def test_scopes_become_rights(scope: str, expected: dict[str, str]) -> None:
    assert rights(scope) == expected


@pytest.mark.parametrize(
    ("scope", "error"),
    [
        ("", Invalid),
        ("system/*.", Invalid),
        ("system/*.sr", Invalid),
        ("system/Nonsense.r", Invalid),
        ("openid", Invalid),
        ("system/*.rs\n' or 1=1", Invalid),
        ("user/*.rs", Unsupported),
        ("patient/Observation.rs", Unsupported),
    ],
)
def test_what_is_not_of_a_machine_is_refused(scope: str, error: type[LarreyError]) -> None:
    with pytest.raises(error):
        rights(scope)


@pytest.mark.parametrize(
    "criteria",
    [
        "nonsense=1",
        "category",
        "category=%ff",
        "category=a%00b",
        "_count=1",
        "_include=Observation:subject",
        "_has:Provenance:target:agent=x",
        "_list=x",
        "_filter=code+eq+x",
        "subject.name=x",
        "subject:Patient.name=x",
        "date=yesterday",
        "&".join(["code=x"] * 11),
        "",
    ],
)
def test_criteria_that_a_scope_may_not_have_are_refused(criteria: str) -> None:
    with pytest.raises(LarreyError):
        parse(f"patient/Observation.rs?{criteria}")


@pytest.mark.parametrize(
    "scope",
    ["patient/*.rs?code=x", "patient/Observation.read?code=x", "patient/Observation.crus?code=x", "user/Observation.d?code=x"],
)
def test_criteria_narrow_the_reading_of_one_type(scope: str) -> None:
    with pytest.raises(Unsupported):
        parse(scope)


@pytest.mark.parametrize(
    "scope", ["patient/*.rs" + " " * 5000, "staff/*.rs", "patient/patient.rs", "launch/encounter", "a\x00b", "é"]
)
def test_what_is_no_scope_is_refused(scope: str) -> None:
    with pytest.raises(LarreyError):
        parse(scope)


def test_special_scopes_are_told_apart() -> None:
    found = parse("openid launch/patient patient/*.read openid fhirUser patient/*.rs")
    assert found == Scopes((Scope("patient", "*", "rs"),), frozenset({"openid", "launch/patient", "fhirUser"}))
    assert str(found) == "fhirUser launch/patient openid patient/*.rs"


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (f"patient/Observation.rs?{LABORATORY}", {"Observation": (("rs", LABORATORY),)}),
        (
            f"patient/Observation.rs?{LABORATORY} patient/Observation.rs?{VITALS}",
            {"Observation": (("rs", LABORATORY), ("rs", VITALS))},
        ),
        (f"patient/Observation.rs?{LABORATORY} patient/Observation.rs", {}),
        (f"patient/Observation.rs?{LABORATORY} patient/Observation.s", {"Observation": (("r", LABORATORY),)}),
        (f"patient/Observation.rs?{LABORATORY} patient/*.r", {"Observation": (("s", LABORATORY),)}),
        (f"patient/Observation.rs?{LABORATORY} patient/*.rs", {}),
        (f"patient/Observation.rs?{LABORATORY} patient/Condition.rs", {"Observation": (("rs", LABORATORY),)}),
    ],
)
def test_a_wide_scope_makes_a_narrow_one_void(scope: str, expected: object) -> None:
    assert weigh(parse(scope).resources)[1] == expected


def test_what_two_sides_allow_in_common() -> None:
    assert common({"*": "rs", "Observation": "cruds"}, {"Observation": "cs", "Patient": "ru"}) == {
        "Observation": "cs",
        "Patient": "r",
    }
    assert common({"*": "rs"}, {"*": "r"}) == {"*": "r"}
    assert common({"Patient": "rs"}, {}) == {}
    assert common({"*": "cruds"}, {"Patient": "rs"}) == {"Patient": "rs"}


def test_a_person_gives_no_more_than_she_has() -> None:
    asked = parse("openid user/*.cruds user/Observation.c user/Observation.rs?code=x")
    assert str(limited(asked, {"*": "rs"})) == "openid user/*.rs user/Observation.rs?code=x"
    assert str(limited(asked, {"Patient": "rs"})) == "openid user/*.rs"
    assert str(limited(asked, {"Patient": "r", "Observation": "cs"})) == (
        "openid user/*.crs user/Observation.c user/Observation.s?code=x"
    )
    assert str(limited(asked, {})) == "openid"


@pytest.mark.parametrize(
    ("asked", "allowed", "expected"),
    [
        ("system/Patient.rs", "system/*.rs", []),
        ("system/Patient.rs", "system/Patient.r system/*.s", []),
        ("system/Patient.cruds", "system/*.rs", ["system/Patient.cruds"]),
        ("system/*.rs", "system/Patient.rs", ["system/*.rs"]),
        ("user/Patient.rs", "patient/Patient.rs", ["user/Patient.rs"]),
        ("openid", "fhirUser", ["openid"]),
        (f"patient/Observation.rs?{LABORATORY}", "patient/*.rs", []),
        (f"patient/Observation.rs?{LABORATORY}", f"patient/Observation.rs?{LABORATORY}", []),
        ("patient/Observation.rs", f"patient/Observation.rs?{LABORATORY}", ["patient/Observation.rs"]),
    ],
)
def test_what_a_client_may_not_ask(asked: str, allowed: str, expected: list[str]) -> None:
    assert beyond(parse(asked), parse(allowed)) == expected


def test_filters_hold_together() -> None:
    assert both({"Observation": (("rs", "code=a"),)}, {}) == {"Observation": (("rs", "code=a"),)}
    assert both({"Observation": (("rs", "code=a"),)}, {"Observation": (("s", "status=final"),)}) == {
        "Observation": (("r", "code=a"), ("s", "code=a&status=final"))
    }


TYPES = st.sampled_from(sorted(resource_types()))
LETTERS = st.sets(st.sampled_from("cruds"), min_size=1).map(lambda chosen: "".join(c for c in "cruds" if c in chosen))
PLAIN = st.builds(Scope, st.sampled_from(["system", "user", "patient"]), TYPES | st.just("*"), LETTERS)
FINE = st.builds(
    Scope,
    st.just("patient"),
    st.sampled_from(["Observation", "Condition"]),
    st.sampled_from(["r", "s", "rs"]),
    st.sampled_from(["code=x", LABORATORY]),
)
LISTS = st.lists(PLAIN | FINE, max_size=6)


@given(LISTS, st.sets(st.sampled_from(["openid", "launch", "offline_access"])))
def test_what_is_written_is_read_back(scopes: list[Scope], special: set[str]) -> None:
    meant = Scopes(tuple(dict.fromkeys(scopes)), frozenset(special))
    assert parse(str(meant)) == meant


@given(st.text(max_size=60) | st.from_regex(r"(system|user|patient)/[A-Z*]\w*\.\w{0,5}(\?\S*)?", fullmatch=True))
def test_anything_is_read_or_refused_in_words(text: str) -> None:
    try:
        found = parse(text)
    except (Invalid, Unsupported) as error:
        assert error.message  # noqa: PT017  anything else than these two is the failure
    else:
        assert parse(str(found)) == found


@given(LISTS)
def test_a_letter_is_narrowed_only_where_no_scope_gives_it_whole(scopes: list[Scope]) -> None:
    granted, filters = weigh(scopes)
    for type_, pairs in filters.items():
        for letters, criteria in pairs:
            assert set(letters) <= letters_on(granted, type_)
            assert criteria.partition("=")[0] in search_parameters(type_)
            assert not any(s.criteria == "" and s.type in {"*", type_} and set(s.letters) & set(letters) for s in scopes)


@given(LISTS, st.dictionaries(TYPES | st.just("*"), LETTERS, max_size=4))
def test_what_is_limited_is_within_the_role_and_within_what_was_asked(scopes: list[Scope], role: dict[str, str]) -> None:
    asked = Scopes(tuple(scopes))
    kept = limited(asked, role)
    for scope in kept.resources:
        assert scope.type == "*" or set(scope.letters) <= letters_on(role, scope.type)
    assert beyond(kept, asked) == []
    given, meant = common(weigh(kept.resources)[0], role), common(weigh(scopes)[0], role)
    assert all(letters_on(given, type_) == letters_on(meant, type_) for type_ in {*given, *meant})
