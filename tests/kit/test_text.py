"""Folding: what a French clinician types must find what was written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larrey.kit.text import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Le Goff-ŒUVRARD, d'Été ", "le goff oeuvrard d ete"),
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("Çağlar İnönü", "caglar inonu"),
        ("STRAẞE", "strasse"),
        ("Łukasz Bjørn", "lukasz bjorn"),
        ("№ 3 ½", "no 3 1 2"),
        ("ﬁbrome", "fibrome"),
        ("...", ""),
        ("", ""),
        ("a_b", "a b"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_composed_and_decomposed_text_fold_alike(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text(st.characters(max_codepoint=0x17F)))
def test_case_does_not_count(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower())


@given(st.text())
def test_no_white_space_at_the_ends_or_doubled(text: str) -> None:
    assert fold(text).split() == fold(text).split(" ") or fold(text) == ""
