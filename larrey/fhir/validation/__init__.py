"""Structural validation of FHIR R4 resources, from our own definitions tables.

``validate`` finds unknown, missing and repeated elements, wrong JSON kinds, malformed primitives, codes outside
required bindings, references to types that are not allowed, contained resources against the rules, active content in
narratives, and broken invariants of the data types and clinical resources. It does not look at profiles, at other
bindings, nor at whether references resolve. Why it is ours: docs/adr/0002-validation.md.
"""

from __future__ import annotations

from typing import Any

from larrey.fhir import definitions
from larrey.fhir.validation import references
from larrey.fhir.validation.compiler import check_of, unknown_type
from larrey.fhir.validation.faults import kind
from larrey.kit.errors import Issue

__all__ = ["MOST_ISSUES", "validate"]

MOST_ISSUES = 200
"""Issues told about one resource; the rest is counted."""


def validate(resource: Any) -> list[Issue]:
    """Everything that is wrong with a decoded resource; empty when it is valid. Never raises.

    Each issue has a FHIR issue-type code, a sentence and an ``expression`` that names the place as the JSON writes it:
    ``Observation.component[1].valueQuantity.value``. A missing element is named as if it were there; what stands in
    ``_birthDate`` is named ``Patient.birthDate.extension…``.
    """
    if type(resource) is not dict:
        return [Issue("structure", f"A resource must be a JSON object, not {kind(resource)}.")]
    type_ = resource.get("resourceType")
    if type(type_) is not str or type_ not in definitions.resource_types():
        return [Issue(code, message, path[1:]) for path, code, message in unknown_type(type_)]
    faults = references.resource(resource, check_of(type_), 0)
    if not faults:
        return []
    issues = [Issue(code, message, type_ + path) for path, code, message in faults[:MOST_ISSUES]]
    if len(faults) > MOST_ISSUES:
        issues.append(Issue("too-long", f"{len(faults) - MOST_ISSUES} more problems are not listed.", type_))
    return issues
