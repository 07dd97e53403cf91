"""One resource as one line of a list: when, what, the detail that matters, and its state if it is not the usual one.

A type without a rule of its own gets a sound line from the elements that R4 types have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from larrey.fhir.definitions import is_type, type_definition
from larrey.ui import formats
from larrey.ui.words import labels
from larrey.ui.words.codes import code_of, first, named, objects
from larrey.ui.words.datatypes import Value, human_name, text

_DATE_ELEMENTS = [
    "effective",
    "performed",
    "occurrence",
    "onset",
    "started",
    "period",
    "authoredOn",
    "authored",
    "date",
    "created",
    "recordedDate",
    "recorded",
    "issued",
    "dateAsserted",
    "dateTime",
    "whenHandedOver",
    "startDate",
    "start",
    "statusDate",
    "sent",
    "received",
    "timestamp",
    "birthDate",
    "identified",
    "dateWritten",
    "billablePeriod",
]
_TITLE_ELEMENTS = [
    "code",
    "vaccineCode",
    "medication",
    "title",
    "type",
    "category",
    "class",
    "productOrService",
    "name",
    "event",
    "description",
    "substance",
    "use",
    "scope",
    "relationship",
]
_USUAL = frozenset({"final", "active", "completed", "finished", "current", "available", "confirmed", "fulfilled", "resolved"})
_WRONG = frozenset({"entered-in-error", "cancelled", "stopped", "not-done", "refuted", "revoked", "rejected", "failed"})
_PEOPLE = frozenset({"Practitioner", "RelatedPerson", "Patient", "Person"})
_ABNORMAL = {"HH": "red", "LL": "red", "AA": "red", "H": "orange", "L": "orange", "A": "orange", "POS": "orange"}


@dataclass(frozen=True, slots=True)
class Line:
    """``when`` is formatted; ``badge`` is (words, tone of ``ui.badge``) or ``None`` where all is as usual."""

    when: str
    title: str
    detail: str = ""
    badge: tuple[str, str] | None = None


def describe(resource: Value) -> Line:
    """The line of any resource."""
    type_ = str(resource.get("resourceType", ""))
    line = _general(resource, type_)
    rule = RULES.get(type_)
    return rule(resource, line) if rule else line


def title(resource: Value) -> str:
    """What to call a resource where another one names it: a person by her name, a thing by the title of its line."""
    name = resource.get("name")
    if isinstance(name, str) and name:
        return name
    if resource.get("resourceType") in _PEOPLE:
        for each in objects(name):
            parts = [*_texts(each.get("prefix")), str(each.get("family") or "").upper(), *_texts(each.get("given"))]
            if said := " ".join(filter(None, parts)) or str(each.get("text") or ""):
                return said
    return describe(resource).title


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def pick(resource: Value, name: str) -> str:
    """The element ``name`` in words, a choice element by its name without the type."""
    type_ = str(resource.get("resourceType", ""))
    if not is_type(type_):
        return text(resource.get(name))
    for key, own_type in _elements(type_).get(name, ()):
        if key in resource:
            return text(resource[key], own_type)
    return ""


@cache
def _elements(type_: str) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Element name → its properties and their types. As many as FHIR has types."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key, (element, own_type) in type_definition(type_).properties.items():
        found.setdefault(element.name, []).append((key, own_type))
    return {name: tuple(keys) for name, keys in found.items()}


def _general(resource: Value, type_: str) -> Line:
    when = next((found for found in (pick(resource, name) for name in _DATE_ELEMENTS) if found), "")
    title = next((found for found in (pick(resource, name) for name in _TITLE_ELEMENTS) if found), "")
    return Line(when, title.replace("\n", ", ") or labels.kind(type_), badge=_state(resource))


def _state(resource: Value) -> tuple[str, str] | None:
    for name in ("verificationStatus", "clinicalStatus", "status"):
        value = resource.get(name)
        code = code_of(value) if isinstance(value, Mapping) else value
        if isinstance(code, str) and code and code not in _USUAL:
            return labels.code(code), "red" if code == "entered-in-error" else "secondary" if code in _WRONG else "blue"
    return None


def _join(*parts: str) -> str:
    return " · ".join(part.replace("\n", ", ") for part in parts if part)


def _observation(resource: Value, line: Line) -> Line:
    detail = pick(resource, "value") or pick(resource, "dataAbsentReason")
    parts = [
        f"{text(item.get('code'), 'CodeableConcept')} "
        f"{next((text(item[key], key[5:]) for key in item if key.startswith('value')), '')}".strip()
        for item in objects(resource.get("component"))
    ]
    detail = _join(detail, *parts[:6])
    bounds = first(resource.get("referenceRange"))
    if bounds:
        usual = str(bounds.get("text") or text({key: bounds[key] for key in ("low", "high") if key in bounds}, "Range"))
        detail = _join(detail, _("usual %(range)s") % {"range": usual} if usual else "")
    code = code_of(first(resource.get("interpretation")))
    badge = (labels.code(code), _ABNORMAL[code]) if code in _ABNORMAL else line.badge
    return replace(line, detail=detail, badge=badge)


def _condition(resource: Value, line: Line) -> Line:
    end = pick(resource, "abatement")
    detail = _join(_("until %(date)s") % {"date": end} if end else "", pick(resource, "severity"), pick(resource, "bodySite"))
    code = code_of(resource.get("clinicalStatus"))
    badge = line.badge or ((labels.code("active"), "green") if code == "active" and not end else None)
    return replace(line, detail=detail, badge=badge)


def _encounter(resource: Value, line: Line) -> Line:
    kind = resource.get("class")
    kind_code = str(kind.get("code", "")) if isinstance(kind, Mapping) else ""
    in_words = labels.code(kind_code) if kind_code in labels.table()["codes"] else pick(resource, "class")
    title = pick(resource, "type").replace("\n", ", ") or in_words or line.title
    where = named(first(resource.get("location")).get("location"))
    return replace(
        line,
        title=title,
        detail=_join(
            in_words if in_words != title else "", pick(resource, "reasonCode"), where, named(resource.get("serviceProvider"))
        ),
    )


def _procedure(resource: Value, line: Line) -> Line:
    return replace(
        line,
        detail=_join(named(resource.get("reasonReference")) or pick(resource, "reasonCode"), named(resource.get("location"))),
    )


def _prescription(resource: Value, line: Line) -> Line:
    dosage = pick(resource, "dosageInstruction") or pick(resource, "dosage")
    badge = line.badge or ((labels.code("active"), "green") if resource.get("status") == "active" else None)
    return replace(line, detail=_join(dosage, named(resource.get("requester"))), badge=badge)


def _immunization(resource: Value, line: Line) -> Line:
    dose = first(resource.get("protocolApplied")).get("doseNumberPositiveInt")
    lot = pick(resource, "lotNumber")
    return replace(
        line,
        detail=_join(
            _("dose %(number)s") % {"number": dose} if dose else "",
            _("batch %(number)s") % {"number": lot} if lot else "",
            named(resource.get("location")),
        ),
    )


def _allergy(resource: Value, line: Line) -> Line:
    shown = [text(item.get("manifestation"), "CodeableConcept") for item in objects(resource.get("reaction"))]
    high = resource.get("criticality") == "high"
    return replace(
        line,
        detail=_join(pick(resource, "type"), pick(resource, "category"), *shown),
        badge=line.badge or ((labels.code("high"), "red") if high else None),
    )


def _report(resource: Value, line: Line) -> Line:
    results = resource.get("result")
    count = len(results) if isinstance(results, list) else 0
    detail = pick(resource, "conclusion") or pick(resource, "category")
    counted = ngettext("%(count)s result", "%(count)s results", count) % {"count": count} if count else ""
    return replace(line, detail=_join(detail, counted, named(resource.get("performer"))))


def _document(resource: Value, line: Line) -> Line:
    attachment = first(resource.get("content")).get("attachment")
    title = pick(resource, "description") or text(resource.get("type"), "CodeableConcept") or line.title
    form = "PDF" if isinstance(attachment, Mapping) and attachment.get("contentType") == "application/pdf" else ""
    return replace(line, title=title, detail=_join(pick(resource, "category"), form, named(resource.get("author"))))


def _plan(resource: Value, line: Line) -> Line:
    shown = [text(first(item.get("detail")).get("code"), "CodeableConcept") for item in objects(resource.get("activity"))]
    category = pick(resource, "title") or pick(resource, "category").replace("\n", ", ") or line.title
    badge = line.badge or ((labels.code("active"), "green") if resource.get("status") == "active" else None)
    return replace(line, title=category, detail=_join(*shown[:4]), badge=badge)


def _goal(resource: Value, line: Line) -> Line:
    target = first(resource.get("target"))
    due = formats.fhir_date(target.get("dueDate", ""))
    return replace(
        line,
        title=pick(resource, "description") or line.title,
        detail=_join(pick(resource, "achievementStatus"), _("due %(date)s") % {"date": due} if due else ""),
    )


def _claim(resource: Value, line: Line) -> Line:
    totals = resource.get("total")
    head = first(totals)
    total = text(head.get("amount"), "Money") if "amount" in head else text(head, "Money")
    names = [text(item.get("productOrService"), "CodeableConcept") for item in objects(resource.get("item"))]
    title = ", ".join(list(dict.fromkeys(filter(None, names)))[:3]) or line.title
    return replace(
        line,
        when=pick(resource, "billablePeriod") or line.when,
        title=title,
        detail=_join(total, named(resource.get("insurer"))),
    )


def _imaging(resource: Value, line: Line) -> Line:
    series = first(resource.get("series"))
    modality, site = text(series.get("modality"), "Coding"), text(series.get("bodySite"), "Coding")
    title = pick(resource, "description") or pick(resource, "procedureCode") or _join(modality, site) or line.title
    images = resource.get("numberOfInstances")
    counted = ""
    if isinstance(images, int) and images > 0:
        counted = ngettext("%(count)s image", "%(count)s images", images) % {"count": images}
    return replace(line, title=title, detail=_join(modality, site, counted))


def _patient(resource: Value, line: Line) -> Line:
    shown = [human_name(item) for item in objects(resource.get("name"))]
    return replace(line, title=" / ".join(shown) or line.title, detail=pick(resource, "address"), badge=None)


RULES: Mapping[str, Callable[[Value, Line], Line]] = {
    "AllergyIntolerance": _allergy,
    "CarePlan": _plan,
    "Claim": _claim,
    "Condition": _condition,
    "DiagnosticReport": _report,
    "DocumentReference": _document,
    "Encounter": _encounter,
    "ExplanationOfBenefit": _claim,
    "Goal": _goal,
    "ImagingStudy": _imaging,
    "Immunization": _immunization,
    "MedicationAdministration": _prescription,
    "MedicationRequest": _prescription,
    "MedicationStatement": _prescription,
    "Observation": _observation,
    "Patient": _patient,
    "Procedure": _procedure,
}
