"""Whatever is sent, the answer is a resource in JSON and never a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from larrey.kit import json
from tests.rest.client import Client

FUZZ = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["2026-01-01", "2026-13-45", "\x00", "Patient/1", "urn:uuid:x", "9" * 400, "é\U0001f600", "<script>", "http://[", "%00"]
    ),
)
NAMES = st.one_of(
    st.sampled_from(
        ["id", "meta", "extension", "name", "identifier", "code", "subject", "reference", "valueQuantity", "value", "contained"]
    ),
    st.sampled_from(
        ["text", "div", "status", "_birthDate", "birthDate", "effectiveDateTime", "system", "coding", "period", "start", "entry"]
    ),
    st.text(max_size=8),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
TYPES = st.sampled_from(["Patient", "Observation", "Bundle", "Binary", "Parameters", "Questionnaire", "ValueSet", "Appointment"])
RESOURCES = st.builds(lambda type_, more: {**more, "resourceType": type_}, TYPES, st.dictionaries(NAMES, VALUES, max_size=6))

SEEDS: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "id": "a",
        "name": [{"family": "A", "given": ["B"]}],
        "birthDate": "1970-01-01",
        "gender": "male",
    },
    {
        "resourceType": "Observation",
        "id": "a",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "1"}]},
        "valueQuantity": {"value": 1.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
        "effectivePeriod": {"start": "2026-01-01", "end": "2026-02-01T10:00:00+01:00"},
    },
    {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "PUT", "url": "Patient/a"}, "resource": {"resourceType": "Patient", "id": "a"}}],
    },
]


@pytest.fixture(scope="module", autouse=True)
def something(api: Client) -> None:
    api.put("/Patient/a", SEEDS[0])
    api.put("/Observation/a", SEEDS[1])


def check(answer: Any, *, head: bool = False) -> None:
    assert answer.status < 500, answer.body
    if answer.status >= 400 and not head:
        resource = json.loads(answer.body)
        assert resource["resourceType"] == "OperationOutcome"
        assert resource["issue"][0]["diagnostics"]


@FUZZ
@given(body=st.binary(max_size=200))
def test_bytes(api: Client, body: bytes) -> None:
    check(api.post("/Patient", body))
    check(api.post("/", body))


@FUZZ
@given(resource=RESOURCES)
def test_resources_of_random_shape(api: Client, resource: dict[str, Any]) -> None:
    check(api.post(f"/{resource['resourceType']}", resource))
    check(api.put("/Patient/a", {**resource, "id": "a"}))
    check(api.post(f"/{resource['resourceType']}/$validate", resource))
    check(api.patch("/Patient/a", resource))
    check(api.post("/", {**resource, "resourceType": "Bundle", "type": "batch"}))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@FUZZ
@given(data=st.data())
def test_good_resources_with_one_wrong_value(api: Client, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(SEEDS))
    mutant = replaced(seed, data.draw(st.sampled_from(places(seed))), data.draw(VALUES))
    check(api.post("/" if seed["resourceType"] == "Bundle" else f"/{seed['resourceType']}", mutant))


NUMBERS = [
    "1e400",
    "-1e-400",
    "1E999999999",
    "9" * 5000,
    "0." + "0" * 3000 + "1",
    "1e-999999999",
    "-0.0",
    "1.7976931348623157e309",
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda text: text[:12])
def test_huge_numbers(api: Client, number: str) -> None:
    observation = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":%s,"unit":"kg",'
    observation += b'"system":"http://unitsofmeasure.org","code":"kg"}}'
    check(api.post("/Observation", observation % number.encode()))
    check(api.post("/Patient", b'{"resourceType":"Patient","multipleBirthInteger":%s}' % number.encode()))
    check(api.get(f"/Observation?value-quantity={number}"))
    check(api.get(f"/Observation?value-quantity=gt{number}|http://unitsofmeasure.org|g"))
    check(api.get(f"/Patient?_count={number}"))


@pytest.mark.parametrize("depth", [50, 400, 900, 1500, 100_000])
def test_deep_nesting(api: Client, depth: int) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"extension":[', b"]}"), (b'{"a":', b"}")):
        middle = b"1" if opening == b'{"a":' else b""
        nested = opening * depth + middle + closing * depth
        check(api.post("/Patient", b'{"resourceType":"Patient","extension":%s}' % nested))
        check(api.post("/", b'{"resourceType":"Bundle","type":"transaction","entry":%s}' % nested))
        check(api.patch("/Patient/a", nested, Content_Type="application/json-patch+json"))
        check(api.post("/Patient/$validate", b'{"resourceType":"Patient","contact":%s}' % nested))
    chain = "subject:Patient." * min(depth, 500) + "name"
    check(api.get(f"/Observation?{chain}=x"))
    check(api.get("/Patient?_filter=" + "(" * depth + "name eq x" + ")" * depth))
    check(api.get("/Patient?" + "_has:Observation:patient:" * min(depth, 500) + "code=x"))


PIECES = st.one_of(
    st.sampled_from(
        [
            "Patient",
            "Observation",
            "Binary",
            "a",
            "_history",
            "_search",
            "$everything",
            "$lastn",
            "$validate",
            "*",
            "1",
            "metadata",
        ]
    ),
    st.text(max_size=12),
)
PATHS = st.lists(PIECES, max_size=5).map(lambda pieces: "/" + "/".join(pieces))
PARAMETERS = st.one_of(
    st.sampled_from(
        [
            "name",
            "birthdate",
            "code",
            "value-quantity",
            "_id",
            "_sort",
            "_count",
            "_include",
            "_revinclude",
            "_has:Observation:patient:code",
        ]
    ),
    st.sampled_from(
        ["_elements", "_summary", "_total", "_type", "_filter", "_cursor", "_since", "_at", "_format", "_pretty", "_lastUpdated"]
    ),
    st.sampled_from(
        [
            "subject:Patient.name",
            "code:text",
            "code:in",
            "code:not",
            "_list",
            "patient",
            "_tag",
            "near",
            "combo-code-value-quantity",
        ]
    ),
    st.text(max_size=10),
)
ARGUMENTS = st.one_of(
    st.sampled_from(
        [
            "",
            "a",
            "2026",
            "ge2026-01",
            "5.4|http://unitsofmeasure.org|kg",
            "http://loinc.org|1",
            "|",
            "a,b\\,c",
            "Patient/a",
            "*",
            "-date",
            "x$y",
        ]
    ),
    st.text(max_size=15),
)
QUERIES = st.lists(st.tuples(PARAMETERS, ARGUMENTS), max_size=4).map(lambda pairs: "&".join(f"{n}={v}" for n, v in pairs))
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X"])


@FUZZ
@given(method=METHODS, path=PATHS, query=QUERIES)
def test_addresses(api: Client, method: str, path: str, query: str) -> None:
    body = b"{}" if method in ("POST", "PUT", "PATCH") else None
    check(api.request(method, f"{path.replace('?', '')}?{query}", body), head=method == "HEAD")


@settings(FUZZ, max_examples=400)
@given(type_=st.sampled_from(["Patient", "Observation", "Location", "Encounter", ""]), query=QUERIES)
def test_queries(api: Client, type_: str, query: str) -> None:
    check(api.get(f"/{type_}?{query}"))


@FUZZ
@given(raw=st.binary(max_size=60))
def test_broken_utf8_in_addresses(api: Client, raw: bytes) -> None:
    environ = {
        "PATH_INFO": "/Patient",
        "QUERY_STRING": "",
        "HTTP_HOST": "test",
        "HTTP_AUTHORIZATION": "Bearer all",
        "REQUEST_METHOD": "GET",
    }
    text = raw.decode("latin-1")
    check(api.call({**environ, "QUERY_STRING": "name=" + text}))
    check(api.call({**environ, "PATH_INFO": "/Patient/" + text}))


HEADERS = st.sampled_from(
    [
        "Accept",
        "Content-Type",
        "Prefer",
        "If-Match",
        "If-None-Match",
        "If-None-Exist",
        "If-Modified-Since",
        "Content-Encoding",
        "X-Request-Id",
    ]
)


@FUZZ
@given(name=HEADERS, value=st.text(st.characters(max_codepoint=255), max_size=30))
def test_headers(api: Client, name: str, value: str) -> None:
    for method, path, body in (("GET", "/Patient/a", None), ("PUT", "/Patient/a", SEEDS[0]), ("POST", "/Patient", SEEDS[0])):
        check(api.request(method, path, body, {name: value}))
