"""The codec never changes a value, and refuses what is not JSON with our own errors."""

from __future__ import annotations

import json as standard
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larrey.kit import json
from larrey.kit.errors import Invalid, LarreyError, TooLarge

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=30,
)


def exact(value: object) -> object:
    """``value`` in a form whose equality tells 1.10 from 1.1, 1 from 1.0 and keeps the order of members."""
    if isinstance(value, dict):
        return [(key, exact(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [exact(item) for item in value]
    return (type(value).__name__, str(value))


@given(VALUES)
def test_what_is_written_is_read_back_exactly(value: object) -> None:
    # An exponent or a fraction makes a Decimal; a Decimal without either is written as the integer it is.
    def read(item: object) -> object:
        if isinstance(item, dict):
            return {key: read(inner) for key, inner in item.items()}
        if isinstance(item, list):
            return [read(inner) for inner in item]
        if isinstance(item, Decimal) and "." not in str(item) and "E" not in str(item):
            return int(item)
        return item

    assert exact(json.loads(json.dumps(value))) == exact(read(value))


@given(VALUES)
def test_pretty_means_the_same(value: object) -> None:
    body = json.dumps(value)
    assert exact(json.loads(json.pretty(body))) == exact(json.loads(body))


@pytest.mark.parametrize(
    "text",
    [
        "1.10",
        "123456789012345678901234567890",
        "-9223372036854775809",
        "18446744073709551616",
        "100000000000000000.000000000000000001",
        '{"value":72.50,"_value":{"extension":[{"url":"urn:x","valueDecimal":1.000}]},"unknown":[null,{"a":"é"}]}',
        '{"given":["Ana",null],"_given":[null,{"id":"n"}]}',
        '"Zoé\\u0000\U0001f600 \u2028\u00a0"',
    ],
)
def test_meaning_survives_to_the_digit(text: str) -> None:
    body = json.dumps(json.loads(text))
    assert exact(json.loads(body)) == exact(json.loads(text))
    assert standard.loads(body, parse_float=str, parse_int=str) == standard.loads(text, parse_float=str, parse_int=str)


def test_exponents_keep_their_value() -> None:
    for text in ("1e5", "1E-7", "-2.50e+3", "1E400", "0.0000000000000000000001"):
        assert json.loads(json.dumps(json.loads(text))) == Decimal(text)


def test_minus_zero() -> None:
    assert json.dumps(json.loads("-0")) == b"0"
    assert json.dumps(json.loads("-0.0")) == b"-0.0"


def test_of_two_members_with_one_name_the_last_counts() -> None:
    assert json.dumps(json.loads('{"a":1,"b":2,"a":3}')) == b'{"a":3,"b":2}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{",
        b'{"a":}',
        b"[1,]",
        b"{'a':1}",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"NaN",
        b"Infinity",
        b"-",
        b'"\x01"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\\ud800abc"',
        b'"\\udc00\\ud800"',
        b"\xef\xbb\xbf{}",
        b"{}{}",
        b"1e99999999999999999999",
        b"-1.5E-99999999999999999999",
        b"1" * 100_000,
        "é".encode("latin-1"),
        '"\ud800"',
    ],
)
def test_what_is_not_json_is_invalid(body: bytes | str) -> None:
    with pytest.raises(Invalid) as caught:
        json.loads(body)
    assert type(caught.value) is Invalid
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_too_large(opening: bytes, closing: bytes) -> None:
    for depth in (2_000, 200_000):
        with pytest.raises(TooLarge):
            json.loads(opening * depth + b"1" + closing * depth)


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_our_error(body: bytes) -> None:
    try:
        value = json.loads(body)
    except LarreyError:
        return
    json.dumps(value)


@given(VALUES, st.data())
def test_damaged_json_is_json_or_our_error(value: object, data: st.DataObject) -> None:
    body = bytearray(json.dumps(value))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position] = data.draw(st.integers(0, 255))
    try:
        read = json.loads(bytes(body))
    except LarreyError:
        return
    json.dumps(read)
