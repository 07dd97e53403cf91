"""What a resource can be found by: the values of its search parameters (http://hl7.org/fhir/R4/search.html)."""

from __future__ import annotations

from typing import Any

from larrey.fhir.definitions import SearchParameter, resource_types
from larrey.fhir.extraction.plans import COLUMNS, NOT_COMPILED, plan
from larrey.fhir.values import Value
from larrey.kit.errors import Invalid

__all__ = ["COLUMNS", "NOT_COMPILED", "extract"]


def extract(resource: dict[str, Any]) -> list[tuple[SearchParameter, list[Value]]]:
    """The parameters of the resource's type that have values in it, with the values; a value may come twice.

    ``COLUMNS`` (``_id``, ``_lastUpdated``) are left out. Contained references (``#x``) give nothing. Parameters that
    read the same path share one list: do not change the lists. Raises ``Invalid`` for an unknown type, for a date
    that does not exist and for a shape that the definitions do not allow (validate before).
    """
    type_ = resource.get("resourceType")
    if not isinstance(type_, str) or type_ not in resource_types():
        raise Invalid(f"There is no FHIR resource type {str(type_)[:64]!r}.", expression="resourceType")
    parameters, handlers, always = plan(type_)
    found: dict[int, list[Value]] = {}
    try:
        for property_ in resource:
            for run, slots in handlers.get(property_, ()):
                if values := run(resource):
                    for slot in slots:
                        # A new list, not extend: parameters share what they have in common.
                        found[slot] = found[slot] + values if slot in found else values
        for run, slots in always:
            if values := run(resource):
                for slot in slots:
                    found[slot] = found[slot] + values if slot in found else values
    except (TypeError, AttributeError, ArithmeticError):
        raise Invalid(f"The {type_} does not have the structure of FHIR R4 and cannot be indexed.") from None
    return [(parameters[slot], values) for slot, values in found.items()]
