"""The one JSON codec. It never changes a value: 1.10 stays 1.10, big integers stay whole, order is kept."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from larrey.kit.errors import Invalid, TooLarge

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def loads(data: bytes | str) -> Any:
    """Decode JSON; numbers with a fraction or an exponent become ``Decimal``.

    Of two members of an object with the same name the last counts, as in most readers (RFC 8259, section 4, leaves it
    open); since resources are stored as written by ``dumps``, no two readers of the record can differ on it.

    Raises ``Invalid`` for anything that is not JSON in UTF-8 (lone surrogates and numbers that Python cannot hold
    exactly included) and ``TooLarge`` for nesting deeper than the interpreter follows (about a thousand levels).
    """
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise Invalid(f"The content is not valid JSON: {error}.") from None
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError | UnicodeEncodeError) else str(error)
        raise Invalid(f"The content is not valid UTF-8: {reason}.") from None
    except InvalidOperation:
        raise Invalid("The content is not valid JSON: a number has an exponent out of range.") from None
    except RecursionError:
        raise TooLarge("The JSON is nested too deeply.") from None


def dumps(value: Any) -> bytes:
    """Encode to compact UTF-8 JSON; ``Decimal`` is written with the digits it holds."""
    return _encoder.encode(value)


def pretty(data: bytes) -> bytes:
    """The same JSON, indented by two spaces."""
    return msgspec.json.format(data, indent=2)
