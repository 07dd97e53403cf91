"""Finding a patient: the order of the results, and before anything is typed the patients one opened last."""

from __future__ import annotations

import re
from typing import Any

import pytest

from larrey.apps.chart.tests.conftest import CLAIRE, Fill, SignedIn, ago, group, patient, stay

pytestmark = pytest.mark.usefixtures("record")


def listed(client: Any, address: str = "/") -> list[str]:
    """The ids of the patients on the page, in order."""
    return re.findall(r'href="/chart/([^"/]+)" data-result', client.get(address).content.decode())


def test_whole_names_come_first_then_the_alphabet(signed_in: SignedIn, fill: Fill) -> None:
    names = [("a", "Martinez", "Ana"), ("b", "Martin", "Zoé"), ("c", "Martineau", "Luc"), ("d", "Martin", "Alice")]
    fill(*(patient(id_, family, given, "1980-01-01") for id_, family, given in names))
    client = signed_in("doctor")
    assert listed(client, "/?q=martin") == ["d", "marie", "b", "c", "a"]
    assert listed(client, "/?q=marti")[:2] == ["d", "marie"]
    assert listed(client, "/?q=zoe+martin") == ["b"]


def test_the_patients_opened_last_newest_first_each_once(signed_in: SignedIn, fill: Fill) -> None:
    fill(*group(), stay("open", "cardio", ago(5)))
    client = signed_in("doctor")
    assert listed(client) == []
    for page in [CLAIRE, "marie", "hostile", f"{CLAIRE}/stays", "marie/Observation", "nobody"]:
        client.get(f"/chart/{page}")
    assert listed(client) == ["marie", CLAIRE, "hostile"]
    text = client.get("/").content.decode()
    assert "Hôpital Nord · Cardiologie" in text  # where she is now
    assert "à l’instant" in text
    assert "<script>alert" not in text


def test_what_a_colleague_opened_is_hers(signed_in: SignedIn) -> None:
    signed_in("doctor").get(f"/chart/{CLAIRE}")
    assert listed(signed_in("nurse")) == []


def test_the_identity_officer_sees_no_place(signed_in: SignedIn, fill: Fill) -> None:
    fill(*group(), stay("open", "cardio", ago(5)))
    client = signed_in("identity-officer")
    client.get(f"/chart/{CLAIRE}")
    assert listed(client) == [CLAIRE]
    assert "Cardiologie" not in client.get("/").content.decode()


def test_the_list_is_short_and_its_cost_fixed(signed_in: SignedIn, fill: Fill) -> None:
    fill(*(patient(f"p{n}", "Durand", f"N{n}", "1980-01-01") for n in range(15)))
    client = signed_in("doctor")
    for n in range(15):
        client.get(f"/chart/p{n}")
    assert listed(client) == [f"p{n}" for n in range(14, 2, -1)]
