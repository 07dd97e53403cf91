"""Invariants of the data types and of the resources that hold patients' data, by hand.

Each rule carries the key of the R4 definitions (``obs-6``); its text is there, for instance
http://hl7.org/fhir/R4/observation.html#invs. They are asked only of values whose shape is right. Those of the
resources that describe the standard itself (StructureDefinition, TestScript…) are left out: see docs/adr/0002.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from larrey.fhir.validation.faults import Fault
from larrey.fhir.validation.rules import Rule, Value, chosen, coded, excludes, has, needs, some

_UCUM = "http://unitsofmeasure.org"


def _extension(value: Value) -> bool:
    return has(value, "extension") != chosen(value, "value")


# Periods ------------------------------------------------------------------------------------------------------------

_DAY = timedelta(days=1)


def _moment(text: str) -> datetime:
    """An aware moment of a dateTime that holds a time; a leap second counts as the second before."""
    text = text.replace(":60", ":59", 1) if text[17:19] == "60" else text
    return datetime.fromisoformat(text)


def not_after(start: str, end: str) -> bool:
    """``start <= end`` of two dateTimes; true where their precisions or missing zones leave it open."""
    if len(start) == len(end) and start[19:] == end[19:]:
        return start <= end
    if len(start) > 10 and len(end) > 10:
        try:
            return _moment(start) <= _moment(end)
        except (ValueError, OverflowError):
            return True
    length = min(len(start), len(end), 10)
    if start[:length] <= end[:length]:
        return True
    if length < 10:
        return False
    # A day beside a time: the zone of the day is unknown, so one day of doubt.
    return datetime.fromisoformat(start[:10]) - datetime.fromisoformat(end[:10]) <= _DAY and max(len(start), len(end)) > 10


def _ordered(first: str, second: str) -> Callable[[Value], bool]:
    def holds(value: Value) -> bool:
        start, end = value.get(first), value.get(second)
        return start is None or end is None or not_after(start, end)

    return holds


# Quantities ---------------------------------------------------------------------------------------------------------


def _range(value: Value) -> bool:
    low, high = value.get("low", {}), value.get("high", {})
    if "value" not in low or "value" not in high:
        return True
    same = all(low.get(name) == high.get(name) for name in ("system", "code", "unit"))
    return not same or bool(low["value"] <= high["value"])


def _ratio(value: Value) -> bool:
    both = ("numerator" in value) + ("denominator" in value)
    return both == 2 or (both == 0 and "extension" in value)


def _ucum(value: Value) -> bool:
    return (has(value, "code") or not has(value, "value")) and value.get("system", _UCUM) == _UCUM


def _duration(value: Value) -> bool:
    return not has(value, "code") or (value.get("system") == _UCUM and has(value, "value"))


def _count(value: Value) -> bool:
    number = value.get("value", 0)
    whole = not isinstance(number, Decimal) or "." not in str(number)
    return _ucum(value) and value.get("code", "1") == "1" and whole


def _positive(name: str) -> Callable[[Value], bool]:
    return lambda value: name not in value or bool(value[name] >= 0)


def _offset(value: Value) -> bool:
    return not has(value, "offset") or ("when" in value and not {"C", "CM", "CD", "CV"}.intersection(value["when"]))


# Resources ----------------------------------------------------------------------------------------------------------


def _abated(value: Value) -> bool:
    over = ("resolved", "remission", "inactive")
    return not chosen(value, "abatement") or coded(value, "clinicalStatus", "condition-clinical", *over)


def _not_twice(value: Value) -> bool:
    """obs-7: a value beside a component with the observation's own code would say two things."""
    if "component" not in value or not chosen(value, "value"):
        return True
    own = [(c.get("system"), c.get("code")) for c in value["code"].get("coding", ())]
    return not any(
        (c.get("system"), c.get("code")) in own and "code" in c
        for component in value["component"]
        for c in component["code"].get("coding", ())
    )


def _full_urls(value: Value) -> bool:
    if value["type"] == "history":
        return True
    seen = [
        (entry["fullUrl"], entry.get("resource", {}).get("meta", {}).get("versionId"))
        for entry in value.get("entry", ())
        if "fullUrl" in entry
    ]
    return len(set(seen)) == len(seen)


def _entries_have(name: str, *types: str) -> Callable[[Value], bool]:
    return lambda value: all((name in entry) == (value.get("type") in types) for entry in value.get("entry", ()))


def _first(bundle: str, type_: str) -> Callable[[Value], bool]:
    def holds(value: Value) -> bool:
        if value.get("type") != bundle:
            return True
        entries = value.get("entry") or [{}]
        return bool(entries[0].get("resource", {}).get("resourceType") == type_)

    return holds


def _not_home(name: str) -> Callable[[Value], bool]:
    return lambda value: not any(item.get("use") == "home" for item in value.get(name, ()))


def _parameter(value: Value) -> bool:
    given = chosen(value, "value") + ("resource" in value) + ("part" in value)
    return given == 1


_QUANTITY = needs("qty-3", "code", "system")
RULES: Mapping[str, tuple[Rule, ...]] = {
    # Data types
    "Extension": (Rule("ext-1", _extension, "Either a value or extensions, and not both."),),
    "Attachment": (needs("att-1", "data", "contentType"),),
    "ContactPoint": (needs("cpt-2", "value", "system"),),
    "Expression": (some("exp-1", "expression", "reference"),),
    "Period": (Rule("per-1", _ordered("start", "end"), "The start must not be after the end."),),
    "Range": (Rule("rng-2", _range, "The low must not be above the high."),),
    "Ratio": (Rule("rat-1", _ratio, "Numerator and denominator go together."),),
    "Quantity": (_QUANTITY,),
    "Age": (
        _QUANTITY,
        Rule("age-1", lambda v: _ucum(v) and v.get("value", 1) > 0, "An age is a positive UCUM time with its code."),
    ),
    "Count": (_QUANTITY, Rule("cnt-3", _count, "A count is a whole number with the UCUM code 1.")),
    "Distance": (_QUANTITY, Rule("dis-1", _ucum, "A distance is a UCUM length with its code.")),
    "Duration": (_QUANTITY, Rule("drt-1", _duration, "A duration's code is a UCUM one, and it has a value.")),
    "Timing.repeat": (
        needs("tim-1", "duration", "durationUnit"),
        needs("tim-2", "period", "periodUnit"),
        Rule("tim-4", _positive("duration"), "A duration must not be negative.", ".duration"),
        Rule("tim-5", _positive("period"), "A period must not be negative.", ".period"),
        needs("tim-6", "periodMax", "period"),
        needs("tim-7", "durationMax", "duration"),
        needs("tim-8", "countMax", "count"),
        Rule("tim-9", _offset, "An offset needs a 'when' other than C, CM, CD, CV.", ".offset"),
        excludes("tim-10", "timeOfDay", "when"),
    ),
    # Resources
    "AllergyIntolerance": (
        Rule(
            "ait-1",
            lambda v: (
                has(v, "clinicalStatus") or coded(v, "verificationStatus", "allergyintolerance-verification", "entered-in-error")
            ),
            "'clinicalStatus' must be there unless it was entered in error.",
            ".clinicalStatus",
        ),
        Rule(
            "ait-2",
            lambda v: (
                not has(v, "clinicalStatus")
                or not coded(v, "verificationStatus", "allergyintolerance-verification", "entered-in-error")
            ),
            "'clinicalStatus' must not be there on what was entered in error.",
            ".clinicalStatus",
        ),
    ),
    "Appointment": (
        Rule("app-2", lambda v: has(v, "start") == has(v, "end"), "'start' and 'end' go together."),
        Rule(
            "app-3",
            lambda v: (has(v, "start") and has(v, "end")) or v.get("status") in ("proposed", "cancelled", "waitlist"),
            "Only a proposed, cancelled or waitlisted appointment may lack 'start' and 'end'.",
        ),
        Rule(
            "app-4",
            lambda v: not has(v, "cancelationReason") or v.get("status") in ("noshow", "cancelled"),
            "'cancelationReason' is for cancelled appointments.",
            ".cancelationReason",
        ),
    ),
    "Appointment.participant": (some("app-1", "type", "actor"),),
    "AppointmentResponse": (some("apr-1", "participantType", "actor"),),
    "AuditEvent.entity": (excludes("sev-1", "name", "query"),),
    "Bundle": (
        Rule(
            "bdl-1",
            lambda v: not has(v, "total") or v.get("type") in ("searchset", "history"),
            "'total' is for searches.",
            ".total",
        ),
        Rule(
            "bdl-2",
            lambda v: v.get("type") == "searchset" or not any("search" in e for e in v.get("entry", ())),
            "'entry.search' is for searches.",
        ),
        Rule(
            "bdl-3",
            _entries_have("request", "batch", "transaction", "history"),
            "Each entry of a batch, transaction or history, and of no other, has a request.",
        ),
        Rule(
            "bdl-4",
            _entries_have("response", "batch-response", "transaction-response", "history"),
            "Each entry of a response or history, and of no other, has a response.",
        ),
        Rule("bdl-7", _full_urls, "Each 'fullUrl' stands once, or with different versions."),
        Rule(
            "bdl-9",
            lambda v: v.get("type") != "document" or {"system", "value"} <= v.get("identifier", {}).keys(),
            "A document has an identifier with a system and a value.",
            ".identifier",
        ),
        Rule(
            "bdl-10",
            lambda v: v.get("type") != "document" or "timestamp" in v,
            "A document has a timestamp.",
            ".timestamp",
        ),
        Rule("bdl-11", _first("document", "Composition"), "A document starts with a Composition."),
        Rule("bdl-12", _first("message", "MessageHeader"), "A message starts with a MessageHeader."),
    ),
    "Bundle.entry": (
        some("bdl-5", "resource", "request", "response"),
        Rule(
            "bdl-8",
            lambda v: "/_history/" not in v.get("fullUrl", ""),
            "'fullUrl' must not name a version.",
            ".fullUrl",
        ),
    ),
    "CarePlan.activity": (excludes("cpl-3", "detail", "reference"),),
    "Composition.section": (some("cmp-1", "text", "entry", "section"), excludes("cmp-2", "emptyReason", "entry")),
    "Condition": (
        Rule(
            "con-4",
            _abated,
            "What is abated has the clinicalStatus inactive, resolved or remission.",
            ".clinicalStatus",
        ),
        Rule(
            "con-5",
            lambda v: (
                not has(v, "clinicalStatus") or not coded(v, "verificationStatus", "condition-ver-status", "entered-in-error")
            ),
            "'clinicalStatus' must not be there on what was entered in error.",
            ".clinicalStatus",
        ),
    ),
    "Condition.stage": (some("con-1", "summary", "assessment"),),
    "Condition.evidence": (some("con-2", "code", "detail"),),
    "Consent": (some("ppc-1", "policy", "policyRule"),),
    "FamilyMemberHistory": (
        Rule("fhs-1", lambda v: not (chosen(v, "age") and chosen(v, "born")), "Not both an age and a birth."),
        Rule("fhs-2", lambda v: chosen(v, "age") or not has(v, "estimatedAge"), "'estimatedAge' needs an age."),
    ),
    "Goal.target": (Rule("gol-1", lambda v: not chosen(v, "detail") or has(v, "measure"), "A detail needs 'measure'."),),
    "Group": (
        Rule(
            "grp-1",
            lambda v: not has(v, "member") or v.get("actual") is True,
            "Only actual groups have members.",
            ".member",
        ),
    ),
    "Immunization.education": (some("imm-1", "documentType", "reference"),),
    "List": (
        excludes("lst-1", "emptyReason", "entry"),
        Rule(
            "lst-2",
            lambda v: v.get("mode") == "changes" or not any(has(e, "deleted") for e in v.get("entry", ())),
            "'entry.deleted' needs the mode changes.",
        ),
        Rule(
            "lst-3",
            lambda v: v.get("mode") == "working" or not any(has(e, "date") for e in v.get("entry", ())),
            "'entry.date' needs the mode working.",
        ),
    ),
    "MedicationAdministration.dosage": (
        Rule("mad-1", lambda v: has(v, "dose") or chosen(v, "rate"), "A dose or a rate must be there."),
    ),
    "MedicationDispense": (Rule("mdd-1", _ordered("whenPrepared", "whenHandedOver"), "Not handed over before it was prepared."),),
    "Observation": (
        Rule(
            "obs-6",
            lambda v: "dataAbsentReason" not in v or not chosen(v, "value"),
            "Not both a value and 'dataAbsentReason'.",
            ".dataAbsentReason",
        ),
        Rule("obs-7", _not_twice, "No value beside a component with the observation's own code."),
    ),
    "Observation.referenceRange": (some("obs-3", "low", "high", "text"),),
    "Organization": (
        some("org-1", "identifier", "name"),
        Rule("org-2", _not_home("address"), "The address of an organization is never of use home.", ".address"),
        Rule("org-3", _not_home("telecom"), "The telecom of an organization is never of use home.", ".telecom"),
    ),
    "Parameters.parameter": (Rule("inv-1", _parameter, "Exactly one of value, resource and part."),),
    "Patient.contact": (some("pat-1", "name", "telecom", "address", "organization"),),
    "QuestionnaireResponse.item": (excludes("qrs-1", "answer", "item"),),
    "ServiceRequest": (needs("prr-1", "orderDetail", "code"),),
}
"""Type → its rules."""


def _compiled(rules: tuple[Rule, ...]) -> Callable[[Value], list[Fault] | None]:
    def check(value: Value) -> list[Fault] | None:
        faults: list[Fault] | None = None
        for key, holds, message, path in rules:
            if not holds(value):
                faults = faults or []
                faults.append((path, "invariant", f"{key}: {message}"))
        return faults

    return check


INVARIANTS = {type_: _compiled(rules) for type_, rules in RULES.items()}
"""Type → the check of all its rules."""
