"""Values of search criteria: escaping, lists, prefixes, precision (http://hl7.org/fhir/R4/search.html#ptypes).

Everything here raises ``Invalid`` with the parameter's name as expression for a value that cannot be understood.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final, Literal, cast

from larrey.fhir.dates import interval
from larrey.fhir.definitions import SearchParameter, resource_types, search_parameter
from larrey.fhir.query.nodes import (
    CompositeOperand,
    DateOperand,
    HierarchyOperand,
    IdentifierOperand,
    LabelOperand,
    NumberOperand,
    Operand,
    Prefix,
    QuantityOperand,
    ReferenceOperand,
    TextOperand,
    TokenOperand,
    TypedIdentifierOperand,
    UriOperand,
    ValueSetOperand,
)
from larrey.fhir.references import relative
from larrey.kit.errors import Invalid, Unsupported
from larrey.kit.ids import is_resource_id
from larrey.kit.text import fold

INDEXED_CHARACTERS: Final = 200
"""Strings are indexed by their first characters only, after folding; more cannot be asked for."""

_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_PREFIXES = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})

_SWAPPED = frozenset({"http://hl7.org/fhir/SearchParameter/DocumentReference-relationship"})

MODIFIERS: Final[dict[str, frozenset[str]]] = {
    "token": frozenset({"not", "text", "in", "not-in", "above", "below", "of-type"}),
    "string": frozenset({"exact", "contains"}),
    "uri": frozenset({"above", "below"}),
    "reference": frozenset({"identifier"}),
}
"""Kind of parameter → modifiers offered, besides ``:missing`` for all and ``:[type]`` for references."""


def split(text: str, separator: str) -> list[str]:
    """The parts of ``text`` between unescaped ``separator`` characters; escapes are kept for later."""
    if "\\" not in text:
        return text.split(separator)
    parts, start, position = [], 0, 0
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        if text[position] == separator:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    parts.append(text[start:])
    return parts


def unescape(text: str) -> str:
    r"""Resolve ``\,`` ``\$`` ``\|`` and ``\\`` (http://hl7.org/fhir/R4/search.html#escaping)."""
    return re.sub(r"\\([\\,$|])", r"\1", text) if "\\" in text else text


def operand(parameter: SearchParameter, modifier: str, raw: str) -> Operand:
    """One value (no longer a list, escapes unresolved) of ``parameter``; ``modifier`` is one of ``MODIFIERS`` or ""."""
    if "\x00" in raw or any("\ud800" <= character <= "\udfff" for character in raw):
        raise Invalid(f"The value of {parameter.code!r} holds a character that is not allowed.", expression=parameter.code)
    if raw == "":
        raise Invalid(f"The parameter {parameter.code!r} has an empty value.", expression=parameter.code)
    kind = parameter.type
    if kind == "token":
        return _token_with(parameter, modifier, raw)
    if kind == "string":
        text = unescape(raw)
        if modifier == "exact":
            return TextOperand(text, "exact")
        return TextOperand(folded(parameter.code, text), "contains" if modifier == "contains" else "starts")
    if kind == "reference":
        if modifier == "identifier":
            return IdentifierOperand(token(parameter.code, raw))
        return reference(parameter, modifier, unescape(raw))
    if kind == "uri":
        return UriOperand(unescape(raw), cast(Literal["exact", "below", "above"], modifier or "exact"))
    if kind == "date":
        prefix, text = prefixed(raw)
        return date(parameter.code, prefix, unescape(text))
    if kind == "number":
        prefix, text = prefixed(raw)
        return number(parameter.code, prefix, unescape(text))
    if kind == "quantity":
        return quantity(parameter.code, raw)
    if kind == "composite":
        return composite(parameter, raw)
    raise unsupported(parameter)


def unsupported(parameter: SearchParameter) -> Unsupported:
    """The error for a parameter that R4 defines and Larrey does not offer."""
    return Unsupported(f"The parameter {parameter.code!r} of {parameter.base} is not supported.", expression=parameter.code)


def prefixed(raw: str) -> tuple[Prefix, str]:
    """The comparator before a date or number (``eq`` where none is written) and the rest."""
    if raw[:2] in _PREFIXES:
        return cast(Prefix, raw[:2]), raw[2:]
    return "eq", raw


def folded(code: str, text: str) -> str:
    """``text`` folded for comparison; ``Invalid`` when nothing is left to look for or too much."""
    result = fold(text)
    if not result:
        raise Invalid(f"The value of {code!r} holds no letter or digit to search for.", expression=code)
    if len(result) > INDEXED_CHARACTERS:
        raise Invalid(f"The value of {code!r} is longer than {INDEXED_CHARACTERS} characters.", expression=code)
    return result


def token(code: str, raw: str) -> TokenOperand:
    """``code``, ``system|code``, ``|code`` or ``system|``."""
    parts = [unescape(part) for part in split(raw, "|")]
    if len(parts) == 1:
        return TokenOperand(None, parts[0])
    if len(parts) != 2 or parts == ["", ""]:
        raise Invalid(f"The value of {code!r} must be code, system|code, |code or system|.", expression=code)
    return TokenOperand(parts[0], parts[1] or None)


def _token_with(parameter: SearchParameter, modifier: str, raw: str) -> Operand:
    code = parameter.code
    if modifier == "text":
        return LabelOperand(folded(code, unescape(raw)))
    if modifier in ("in", "not-in"):
        return ValueSetOperand(unescape(raw))
    if modifier == "of-type":
        parts = [unescape(part) for part in split(raw, "|")]
        if len(parts) != 3 or not parts[1] or not parts[2]:
            raise Invalid(f"The value of '{code}:of-type' must be system|code|value.", expression=f"{code}:of-type")
        return TypedIdentifierOperand(*parts)
    value = token(code, raw)
    if modifier in ("above", "below"):
        if not value.system or value.code is None:
            raise Invalid(f"The value of '{code}:{modifier}' must be system|code.", expression=f"{code}:{modifier}")
        return HierarchyOperand(value.system, value.code, modifier == "above")
    return value


@cache
def targets(parameter: SearchParameter) -> tuple[str, ...]:
    """The types that a reference parameter leads to. The definitions list too many where one code serves many types."""
    only = re.fullmatch(r".*\.where\(resolve\(\) is (\w+)\)", parameter.expression)
    if only is not None and "|" not in parameter.expression:
        return (only[1],)
    if parameter.code == "patient":
        return ("Patient",)
    return parameter.target or tuple(sorted(resource_types()))


def reference(parameter: SearchParameter, type_: str, text: str) -> ReferenceOperand:
    """``id``, ``Type/id`` or a URL. ``type_``: the ``:[type]`` modifier, or ""."""
    code = parameter.code
    local = relative(text)
    if local is not None:
        if type_ and local[0] != type_:
            raise Invalid(f"The value of '{code}:{type_}' is not a reference to a {type_}.", expression=f"{code}:{type_}")
        return ReferenceOperand((local[0],), local[1], "")
    if is_resource_id(text):
        types = (type_,) if type_ else (targets(parameter))
        return ReferenceOperand(types, text, "")
    if ":" not in text or type_:
        raise Invalid(f"The value of {code!r} must be an id, Type/id or a URL.", expression=code)
    return ReferenceOperand((), "", text)


def date(code: str, prefix: Prefix, text: str) -> DateOperand:
    """A date of any precision. A "+" of a zone that became a space in a form is understood."""
    try:
        span = interval(text.replace(" ", "+") if "T" in text else text)
    except Invalid as error:
        raise Invalid(f"The value of {code!r}: {error.message}", expression=code) from None
    return DateOperand(prefix, span.low, span.high)


def number(code: str, prefix: Prefix, text: str) -> NumberOperand:
    """A decimal with its implicit precision: 100 is [99.5, 100.5), 100.00 is [99.995, 100.005).

    In exponential form the last digit counts tenths of its place, as the specification's own example has it: 1e2 is
    [95, 105) (http://hl7.org/fhir/R4/search.html#number).
    """
    if not _NUMBER.fullmatch(text):
        raise Invalid(f"The value of {code!r} is not a number.", expression=code)
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Invalid(f"The value of {code!r} is not a number.", expression=code) from None
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if "e" in text.lower():
        exponent -= 1
    half = Decimal((0, (5,), exponent - 1))
    return NumberOperand(prefix, value, value - half, value + half)


def quantity(code: str, raw: str) -> QuantityOperand:
    """``number``, ``number|system|code`` or ``number||code``."""
    parts = split(raw, "|")
    prefix, text = prefixed(parts[0])
    value = number(code, prefix, unescape(text))
    if len(parts) == 1:
        return QuantityOperand(value, None, None)
    if len(parts) != 3 or not parts[2]:
        raise Invalid(f"The value of {code!r} must be number, number|system|code or number||code.", expression=code)
    return QuantityOperand(value, unescape(parts[1]) or None, unescape(parts[2]))


def composite(parameter: SearchParameter, raw: str) -> CompositeOperand:
    """Component values joined by ``$``."""
    parts = split(raw, "$")
    if len(parts) != len(parameter.components):
        names = "$".join(code for code, _ in parameter.components)
        raise Invalid(f"The value of {parameter.code!r} must be {names}.", expression=parameter.code)
    operands: list[Operand] = []
    # R4 has the two components of this one the wrong way round: their expressions are those of each other
    components = parameter.components[::-1] if parameter.url in _SWAPPED else parameter.components
    for (code, _), part in zip(components, parts, strict=True):
        component = search_parameter(parameter.base, code)
        if component is None:
            raise unsupported(parameter)
        value = operand(component, "", part)
        if isinstance(value, TokenOperand) and value.code is None:
            raise Invalid(f"A component of {parameter.code!r} must name a code.", expression=parameter.code)
        if len(operands) < len(components) - 1 and not isinstance(value, TokenOperand | ReferenceOperand | UriOperand):
            raise unsupported(parameter)
        operands.append(value)
    return CompositeOperand(tuple(operands))
