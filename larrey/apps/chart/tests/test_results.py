"""Results: what the cumulative table shows and reads, and the curve of an analyte."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from larrey.apps.chart.queries import analytes, curves, results
from larrey.apps.chart.queries.measures import SIGNS, measures
from larrey.apps.chart.tests.conftest import CLAIRE, HOSTILE, SignedIn, Write
from larrey.ui import formats

RESULTS = f"/chart/{CLAIRE}/results"
LOINC = "http://loinc.org"


def measured(id_: str, day: str, code: str, value: Any = None, category: str = "laboratory", **more: Any) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"system": system, "code": category}]}],
        "code": {"coding": [{"system": LOINC, "code": code}], "text": f"libellé {code}"},
        "subject": {"reference": f"Patient/{CLAIRE}"},
        "effectiveDateTime": day,
        **({"valueQuantity": {"value": value, "unit": "mmol/L"}} if value is not None else {}),
        **more,
    }


def bounds(low: float, high: float) -> list[dict[str, Any]]:
    return [{"low": {"value": low, "unit": "mmol/L"}, "high": {"value": high, "unit": "mmol/L"}}]


def said(code: str) -> list[dict[str, Any]]:
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return [{"coding": [{"system": system, "code": code}]}]


def cells(text: str, name: str) -> list[str]:
    """The words of each cell of the row of ``name``."""
    row = next(row for row in text.split("<tr>") if f">{name}</" in row)
    return [" ".join(re.sub(r"<[^>]*>", "", cell).split()) for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL)]


def page(client: Client, **query: str) -> str:
    response = client.get(RESULTS, query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_newest_is_beside_the_names_and_the_abnormal_is_marked(write: Write, signed_in: SignedIn) -> None:
    write(
        [
            measured("a", "2026-03-10T07:00:00+01:00", "2823-3", 4.1, referenceRange=bounds(3.5, 5.0)),
            measured("b", "2026-03-11T07:00:00+01:00", "2823-3", 5.6, referenceRange=bounds(3.5, 5.0)),  # nobody said so
            measured("c", "2026-03-12T07:00:00+01:00", "2823-3", 6.5, referenceRange=bounds(3.5, 5.0), interpretation=said("HH")),
            measured("d", "2026-03-12T07:00:00+01:00", "2951-2", 130, interpretation=said("L")),
            measured("e", "2026-03-12T07:00:00+01:00", "718-7", 9, status="preliminary", note=[{"text": "hémolysé"}]),
        ]
    )
    text = page(signed_in("doctor"))
    assert re.findall(r'larrey-day">(.*?)<', text) == ["12/03", "11/03", "10/03"]
    assert cells(text, "Potassium") == ["6,5↑↑ très élevé", "5,6↑ élevé", "4,1"]
    assert cells(text, "Sodium") == ["130↓ bas", "", ""]
    assert cells(text, "Hémoglobine") == ["9p provisoire* avec un commentaire", "", ""]
    assert "3,5 – 5,0" in text or "3,5 – 5" in text
    assert text.index("Ionogramme") < text.index("Hémogramme")
    assert f'href="/chart/{CLAIRE}/Observation/c"' in text
    assert f'href="{RESULTS}/2823-3"' in text
    assert "hémolysé" in text


def test_words_components_and_codes_that_nobody_knows(write: Write, signed_in: SignedIn) -> None:
    pressure = {
        "component": [
            {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}}
            for code, value in [("8480-6", 120), ("8462-4", 70)]
        ]
    }
    write(
        [
            measured("a", "2026-03-10", "85354-9", category="vital-signs", **pressure),
            measured("b", "2026-03-10", "99999-9", valueString=f"Staphylocoque doré {HOSTILE}"),
            measured("c", "2026-03-10", "2339-0", 3, valueQuantity={"value": 3, "comparator": "<", "unit": "mmol/L"}),
            measured("d", "2026-03-10", "2345-7", dataAbsentReason={"text": "hémolyse"}),
            measured("e", "2026-03-10", "33762-6", 3.123456789),
        ]
    )
    client = signed_in("doctor")
    text = page(client, kind="vitals")
    assert cells(text, "PA systolique") == ["120"]
    assert cells(text, "PA diastolique") == ["70"]
    text = page(client, kind="laboratory")
    assert "libellé 99999-9" in text
    assert HOSTILE not in text
    assert "Staphylocoque doré &lt;script&gt;" in text
    assert "&lt; 3" in text
    assert "hémolyse" in text
    assert cells(text, "NT-proBNP") == ["3,12"]
    assert "Autres" in text


def test_pages_of_columns_never_repeat_or_lose_one(write: Write, signed_in: SignedIn) -> None:
    many = [
        measured(f"m{day}-{code}", f"2026-{1 + day // 28:02d}-{day % 28 + 1:02d}T07:00:00+01:00", code, 4 + day / 100)
        for day in range(25)
        for code in ("2823-3", "2951-2")
    ]
    write(many)
    client, seen, address = signed_in("doctor"), [], f"{RESULTS}?kind=laboratory"
    while address:
        text = client.get(address).content.decode()
        seen.append(re.findall(r'<time datetime="(.*?)"', text.partition("<tbody")[0].partition("<thead")[2]))
        found = re.search(r'rel="next" href="(.*?)"', text)
        address = found[1].replace("&amp;", "&") if found else ""
    assert [len(columns) for columns in seen] == [10, 10, 5]
    times = [time for columns in seen for time in columns]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 25
    assert client.get(RESULTS, {"until": "nonsense"}).status_code == 400
    assert client.get(RESULTS, {"until": "2026-01-01"}).status_code == 400


def test_a_sampling_time_larger_than_a_page_is_shown_and_passed(
    write: Write, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "READ", 6)
    write([measured(f"n{n}", "2026-03-12T07:00:00+01:00", f"{1000 + n}-1", n) for n in range(9)])
    write([measured("old", "2026-03-11T07:00:00+01:00", "2823-3", 4)])
    text = page(signed_in("doctor"), kind="laboratory")
    assert re.findall(r'larrey-day">(.*?)<', text) == ["12/03"]
    assert 'rel="next"' in text


def test_filters(write: Write, signed_in: SignedIn) -> None:
    write(
        [
            measured("a", "2026-11-20T07:00:00+01:00", "2823-3", 5.6, interpretation=said("H")),
            measured("b", "2026-11-20T07:00:00+01:00", "2951-2", 140),
            measured("c", "2019-03-20T07:00:00+01:00", "3016-3", 2),
            measured("v", "2026-11-20T07:00:00+01:00", "8867-4", 80, category="vital-signs"),
            measured("w", "2026-11-20T07:00:00+01:00", "72166-2", category="social-history", valueString="Non-fumeuse"),
            {
                "resourceType": "Encounter",
                "id": "stay",
                "status": "finished",
                "class": {"code": "IMP"},
                "subject": {"reference": f"Patient/{CLAIRE}"},
                "period": {"start": "2026-11-19", "end": "2026-11-21"},
            },
        ]
    )
    client = signed_in("doctor")
    assert "Sodium" not in page(client, kind="laboratory", abnormal="1")
    assert "TSH" not in page(client, kind="laboratory", period="stay")
    assert "Potassium" in page(client, kind="laboratory", period="stay")
    assert "Fréquence cardiaque" in page(client, kind="vitals")
    assert "Non-fumeuse" in page(client, kind="others")
    assert "Potassium" in page(client, kind="nonsense", period="nonsense")
    partial_ = {"HX-Request": "true"}
    for typed in ("tsh", "TS", "K", "potas"):
        text = client.get(RESULTS, {"q": typed}, headers=partial_).content.decode()
        assert text.count("data-result") == 1, typed
    # Enter, on the one analyte there is, however old: its curve.
    assert client.get(RESULTS, {"q": "K"}).headers["Location"] == f"{RESULTS}/2823-3"
    assert client.get(RESULTS, {"q": "tsh"}).headers["Location"] == f"{RESULTS}/3016-3"
    # Looked for where one is, then elsewhere.
    assert client.get(RESULTS, {"q": "FC", "kind": "laboratory"}).headers["Location"] == f"{RESULTS}/8867-4"
    assert "Non-fumeuse" in page(client, q="libell", kind="others")
    assert "Aucun résultat ne correspond" in page(client, q="zzz")
    assert client.get(RESULTS, {"q": "a\x00" + "x" * 5000}).status_code == 200


def test_an_empty_record_says_so(record: None, signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    assert "Aucun résultat" in client.get("/chart/hostile/results").content.decode()
    assert client.get("/chart/hostile/results/2823-3").status_code == 404
    assert client.get(f"{RESULTS}/nonsense").status_code == 404
    assert client.get(f"{RESULTS}/~!!!").status_code == 404


def drawn(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="curve-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])
    return read


def test_the_curve_and_its_table_have_the_same_numbers(write: Write, signed_in: SignedIn) -> None:
    write(
        [
            measured(f"p{day}", f"2026-03-{day:02d}T07:00:00+01:00", "2823-3", 4 + day / 10, referenceRange=bounds(3.5, 5.0))
            for day in range(1, 13)
        ]
        + [
            measured("old", "2020-03-01", "2823-3", 3.2, note=[{"text": HOSTILE}], referenceRange=bounds(3.5, 5.0)),
            measured("other", "2026-03-05T07:00:00+01:00", "14682-9", 80, valueQuantity={"value": 80, "unit": "µmol/L"}),
            {
                "resourceType": "Encounter",
                "id": "stay",
                "class": {"code": "IMP"},
                "type": [{"text": HOSTILE}],
                "status": "finished",
                "subject": {"reference": f"Patient/{CLAIRE}"},
                "period": {"start": "2026-03-03", "end": "2026-03-08"},
            },
        ]
    )
    client = signed_in("doctor")
    response = client.get(f"{RESULTS}/2823-3")
    text = response.content.decode()
    assert 'aria-current="true" title="&lt;script' in text  # the last stay, which has values
    data = drawn(text)
    line = data["plots"][0]["lines"][0]
    assert [point["y"] for point in line["points"]] == [4.3, 4.4, 4.5, 4.6, 4.7]
    assert (line["low"], line["high"]) == (3.5, 5)
    assert data["stays"][0]["label"] == HOSTILE
    assert HOSTILE not in text
    assert line["points"][0]["to"] == f"/chart/{CLAIRE}/Observation/p3"
    assert [cell.strip() for cell in re.findall(r"datetime=.*?>(\d\d/\d\d/\d{4})", text)] == [
        f"0{day}/03/2026" for day in (7, 6, 5, 4, 3)
    ]
    whole = drawn(client.get(f"{RESULTS}/2823-3?period=all").content.decode())
    points = whole["plots"][0]["lines"][0]["points"]
    assert len(points) == 15  # two are of the record of conftest
    assert [point["mark"] for point in points][:2] == ["low", ""]
    assert points[-1]["words"] == "5,2 mmol/L, élevé"
    both = client.get(f"{RESULTS}/2823-3?period=all&with=14682-9").content.decode()
    assert [plot["label"] for plot in drawn(both)["plots"]] == ["Potassium", "Créatinine"]
    assert "Sans Créatinine" in both
    assert "Créatinine" in text  # offered to compare with
    assert client.get(f"{RESULTS}/2823-3?with=nonsense").status_code == 404


def test_the_two_blood_pressures_are_one_curve(write: Write, signed_in: SignedIn) -> None:
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}}
        for code, value in [("8480-6", 120), ("8462-4", 70)]
    ]
    write([measured(f"b{day}", f"2026-03-{day:02d}", "85354-9", category="vital-signs", component=parts) for day in (1, 2)])
    plots = drawn(signed_in("doctor").get(f"{RESULTS}/85354-9").content.decode())["plots"]
    assert [[line["label"] for line in plot["lines"]] for plot in plots] == [["PA systolique", "PA diastolique"]]


def test_older_values_are_on_the_next_page(write: Write, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "POINTS", 4)
    write([measured(f"p{day}", f"2026-03-{day:02d}T07:00:00+01:00", "2823-3", day) for day in range(1, 8)])
    client, address, seen = signed_in("doctor"), f"{RESULTS}/2823-3?period=all", []
    while address:
        text = client.get(address).content.decode()
        seen += [point["y"] for point in reversed(drawn(text)["plots"][0]["lines"][0]["points"])]
        found = re.search(r'rel="next" href="(.*?)"', text)
        address = found[1].replace("&amp;", "&") if found else ""
    assert seen == [7, 6, 5, 4, 3, 2, 1, 4.1, 5.2]  # two are of the record of conftest


@pytest.mark.parametrize("address", [RESULTS, f"{RESULTS}/2823-3"])
def test_who_reads_results(write: Write, signed_in: SignedIn, connection: psycopg.Connection, address: str) -> None:
    write([measured("a", "2026-03-10", "2823-3", 4.1)])
    for role in ("doctor", "nurse"):
        assert signed_in(role).get(address).status_code == 200
    for role in ("identity-officer", "administrator"):
        response = signed_in(role).get(address)
        assert response.status_code == 403
        assert "Potassium" not in response.content.decode()
    stranger = Client().get(address)
    assert (stranger.status_code, stranger.content) == (302, b"")
    traced = connection.execute("select what from access_audit where action = 'open' order by id").fetchall()
    expected = f"Patient/{CLAIRE} results" + (" 2823-3" if address != RESULTS else "")
    assert [what for (what,) in traced] == [expected, expected]


def test_one_patients_curve_never_has_anothers_values(write: Write, signed_in: SignedIn) -> None:
    write([measured("hers", "2026-03-10", "2823-3", 9.9, subject={"reference": "Patient/marie"})])
    assert "9,9" not in page(signed_in("doctor"))
    assert 'href="/chart/marie/Observation/hers"' in signed_in("nurse").get("/chart/marie/results/2823-3").content.decode()


@pytest.mark.parametrize(
    ("address", "most"),
    [
        (f"{RESULTS}?kind=laboratory", 10),
        (f"{RESULTS}?kind=vitals", 10),
        (f"{RESULTS}?q=zz&kind=laboratory", 10),
        (f"{RESULTS}?kind=others", 10),
        (f"{RESULTS}/2823-3", 11),
    ],
)
def test_a_page_of_results_sends_few_statements(
    write: Write, signed_in: SignedIn, statements: list[str], address: str, most: int
) -> None:
    write([measured(f"p{n}", f"2026-{n % 9 + 1:02d}-{n % 28 + 1:02d}T07:00:00+01:00", "2823-3", n) for n in range(300)])
    client = signed_in("doctor")
    client.get(address)
    statements.clear()
    assert client.get(address).status_code == 200
    assert len(statements) <= most, "\n".join(statements)


def test_both_languages(write: Write, signed_in: SignedIn) -> None:
    write([measured("a", "2026-03-10", "14682-9", 41.5, interpretation=said("H"))])
    client = signed_in("doctor", language="en")
    text = page(client)
    assert cells(text, "Creatinine") == ["41.5↑ high"]
    assert "Kidney function" in text
    assert "10 Mar" in text
    assert "usual values" in text
    assert "Créatinine" not in client.get(f"{RESULTS}/14682-9").content.decode()


def test_a_token_names_an_analyte_and_nothing_else() -> None:
    for name in (f"{LOINC}|2823-3", "|Potassium é", "urn:oid:1.2|a/b c", "|", f"{LOINC}|LP-1"):
        token = analytes.token(name)
        assert re.fullmatch(r"[\w~-]+", token)
        assert analytes.analyte(token) == name


def test_the_table_of_analytes_is_sound() -> None:
    table = analytes.table()
    assert len(table) > 150
    assert {known.group for known in table.values()} <= set(analytes.GROUPS)
    assert all(known.fr and known.en and re.fullmatch(r"\d+-\d", code) for code, known in table.items())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8) | st.decimals(-10, 10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ODD = st.fixed_dictionaries(
    {},
    optional={
        name: JSON
        | st.just({"coding": [{"system": LOINC, "code": "2823-3"}]})
        | st.just({"value": Decimal("1.10"), "unit": "mmol/L", "comparator": "<"})
        | st.just([{"low": {"value": 1}, "high": {"value": 2, "unit": 3}}])
        | st.just("2026-02-30")
        for name in (
            "id",
            "status",
            "category",
            "code",
            "effectiveDateTime",
            "effectivePeriod",
            "valueQuantity",
            "valueString",
            "valueRange",
            "valueInteger",
            "valueCodeableConcept",
            "valueSampledData",
            "valueDateTime",
            "referenceRange",
            "interpretation",
            "note",
            "component",
            "encounter",
            "dataAbsentReason",
        )
    },
)


@given(ODD)
def test_anything_is_measured_without_an_error(content: dict[str, Any]) -> None:
    for measure in measures({"resourceType": "Observation", **content}):
        assert measure.mark in {"", *SIGNS}
        assert isinstance(measure.value, str)
        assert isinstance(measure.unit, str)
        assert isinstance(measure.range, str)
        assert measure.number is None or abs(measure.number) < 1e15


def test_numbers_keep_the_digits_they_were_given() -> None:
    (measure,) = measures(measured("a", "2026-03-10", "2823-3", Decimal("4.10")))
    assert measure.value == formats.number(Decimal("4.10"))
