"""The parameters of an operation, from the address or from a Parameters resource (http://hl7.org/fhir/R4/operations.html)."""

from __future__ import annotations

from datetime import datetime

from larrey.fhir.dates import interval
from larrey.kit.errors import Invalid
from larrey.rest.request import Pairs, Request


def parameters(request: Request) -> Pairs:
    """Name and value of each parameter, as text: of the address, then of the body of a POST if there is one."""
    if request.method != "POST" or not request.has_body():
        return request.pairs
    resource = request.resource("Parameters")
    pairs = list(request.pairs)
    entries = resource.get("parameter", [])
    if not isinstance(entries, list):
        raise Invalid("parameter must be an array.", expression="Parameters.parameter")
    for number, entry in enumerate(entries):
        at = f"Parameters.parameter[{number}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise Invalid("A parameter needs a name.", expression=at)
        values = [value for name, value in entry.items() if name.startswith("value")]
        if len(values) != 1 or isinstance(values[0], dict | list) or values[0] is None:
            raise Invalid(f"The parameter {entry['name'][:60]!r} needs one simple value.", expression=at)
        pairs.append((entry["name"], str(values[0]).lower() if isinstance(values[0], bool) else str(values[0])))
    return pairs


def span(text: str | None, name: str) -> tuple[datetime, datetime] | None:
    """The half-open interval of a FHIR date or instant. Raises ``Invalid`` naming the parameter."""
    if text is None:
        return None
    try:
        return interval(text)
    except Invalid:
        raise Invalid(f"{name} must be a date or an instant, not {text[:60]!r}.", expression=f"http.{name}") from None


def low(text: str | None, name: str) -> datetime | None:
    """The first instant of a FHIR date or instant."""
    found = span(text, name)
    return None if found is None else found[0]


def high(text: str | None, name: str) -> datetime | None:
    """The instant just after a FHIR date or instant."""
    found = span(text, name)
    return None if found is None else found[1]
