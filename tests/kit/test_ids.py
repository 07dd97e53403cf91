"""Identifiers: unique, ordered, the same on every machine."""

from __future__ import annotations

import threading
import time
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from larrey.kit.ids import hash64, is_resource_id, new_id, patient_uuid


def test_new_ids_are_version_7_and_increase_even_across_threads() -> None:
    made: list[list[str]] = [[] for _ in range(4)]

    def make(ids: list[str]) -> None:
        ids.extend(new_id() for _ in range(500))

    threads = [threading.Thread(target=make, args=(ids,)) for ids in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [one for ids in made for one in ids]
    assert len(set(everything)) == 2000
    assert all(ids == sorted(ids) for ids in made)
    assert all(UUID(one).version == 7 and UUID(one).variant == "specified in RFC 4122" for one in everything)
    assert all(is_resource_id(one) for one in everything)


def test_a_new_id_carries_the_time() -> None:
    before = time.time_ns() // 1_000_000
    millis = UUID(new_id()).int >> 80
    # Ids made in a burst run ahead of the clock by 250 ns each; the tests above make two thousand at most.
    assert before <= millis <= time.time_ns() // 1_000_000 + 1


@given(st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True))
def test_resource_ids(text: str) -> None:
    assert is_resource_id(text)


@given(st.sampled_from(["", "a" * 65, "a b", "a/b", "é", "a\n", "a_b", "../x", "a\x00"]))
def test_not_resource_ids(text: str) -> None:
    assert not is_resource_id(text)


@given(st.text())
def test_a_hash_is_64_signed_bits_and_stable(text: str) -> None:
    assert -(2**63) <= hash64(text) < 2**63
    assert hash64(text) == hash64(text)


def test_hashes_never_change_between_versions() -> None:
    # Written in every index of every installation: a change here means a migration.
    assert hash64("") == -1970711489451281740
    assert hash64("Patient/1") == 1726183619290008363


@given(st.uuids())
def test_the_key_of_a_uuid_patient_is_the_uuid(uuid: UUID) -> None:
    assert patient_uuid(str(uuid)) == uuid


@given(st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True), st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True))
def test_keys_of_other_patients_differ(one: str, other: str) -> None:
    assert (patient_uuid(one) == patient_uuid(other)) == (one == other)


def test_a_uuid_in_capitals_is_another_id() -> None:
    # FHIR ids are case sensitive.
    lower = "0f9d6c1e-2d3a-4b5c-8d7e-9fa0b1c2d3e4"
    assert patient_uuid(lower.upper()) != patient_uuid(lower)
