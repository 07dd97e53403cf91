"""Who cares for a patient, when and why, as resources say it: stays and movements, appointments, requests, prescriptions, teams.

The record keeps these ties beside each resource (``record.care``), so that who may open a chart follows from what happens to
the patient, and is never copied by hand. Content of any shape is taken: what cannot be read ties nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from larrey.fhir.dates import BEGINNING, END, interval
from larrey.fhir.references import relative
from larrey.fhir.values import Span
from larrey.kit.errors import Invalid

Resource = Mapping[str, Any]


class Ground(StrEnum):
    """Why somebody may see a patient; in the record as one letter. Glass and subject are not found in resources by ``ties``."""

    ENCOUNTER = "E"
    APPOINTMENT = "A"
    REQUEST = "R"
    PRESCRIPTION = "P"
    TASK = "T"
    TEAM = "C"
    SUBJECT = "S"
    OPPOSITION = "O"
    GLASS = "G"


class Tie(NamedTuple):
    """One tie, half-open: ``low <= t < high``; open ends are ``dates.BEGINNING`` and ``dates.END``.

    ``who``: (type, id) of a unit, a place, a professional or a service; None for an opposition, which is toward all.
    """

    patient_id: str
    who: tuple[str, str] | None
    low: datetime
    high: datetime
    ground: Ground


MOST_SUBJECTS = 20
"""How many patients of one resource that has several are told apart."""

_CARERS = frozenset({"Organization", "Location", "Practitioner", "PractitionerRole", "HealthcareService"})
_ALWAYS = Span(BEGINNING, END)

# Statuses: http://hl7.org/fhir/R4, the value sets of the elements. What is in none of the sets of its type ties nobody.
_STAY_OPEN = frozenset({"planned", "arrived", "triaged", "in-progress", "onleave", "unknown"})
_TO_COME = frozenset({"planned", "reserved"})
_APPOINTMENT_DONE = frozenset({"arrived", "checked-in", "fulfilled", "noshow"})
_APPOINTMENT_OPEN = frozenset({"proposed", "pending", "booked", "waitlist"})
_ORDER_OPEN = frozenset({"draft", "active", "on-hold"})
_ORDER_CLOSED = frozenset({"revoked", "cancelled", "stopped", "completed", "unknown"})
_TASK_OPEN = frozenset({"draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold"})
_TASK_CLOSED = frozenset({"completed", "cancelled", "rejected", "failed"})
_EPISODE_OPEN = frozenset({"planned", "waitlist", "active", "onhold"})
_TEAM_CLOSED = frozenset({"suspended", "inactive"})


def ties(resource: Resource) -> list[Tie]:
    """The ties that ``resource`` makes, each once, in the order in which they are written.

    Only local literal references count (``Patient/1``). A resource that is a mistake (``entered-in-error``) ties nobody.
    """
    rule = _RULES.get(str(resource.get("resourceType")))
    return list(dict.fromkeys(rule(resource))) if rule else []


def subjects(literals: Iterable[tuple[str, str]]) -> list[str]:
    """Ids of the patients among ``literals`` (``references.literal``), each once, in order of id."""
    return sorted({id_ for type_, id_ in literals if type_ == "Patient"})


# The rules


def _encounter(resource: Resource) -> Iterator[Tie]:
    """A movement ties its place for as long as it lasts, the responsible unit from the last movement on.

    A movement without end lasts as long as the stay. One that is only foreseen ties nobody until its date, and without date
    not at all, unless the stay itself is. A stay that is over and does not say since when ends with what is last known of it.
    """
    patient = _patient(resource, "subject")
    status = resource.get("status")
    if patient is None or not (status == "finished" or (isinstance(status, str) and status in _STAY_OPEN)):
        return
    period = _dict(resource.get("period"))
    movements = _movements(resource)
    low, high = _low(period), _high(period)
    if high is None and status == "finished":
        known = [at for movement in movements for at in (_begun(movement), _high(_dict(movement.get("period")))) if at]
        high = max([*known, *_some(_begun(resource))], default=None)
        if high is None:
            return
    stay = _span(low, high, period)
    for movement in movements:
        place = _carer(movement.get("location"))
        if place is not None:
            yield Tie(patient, place, *_movement(movement, movements, stay, over=status == "finished"), Ground.ENCOUNTER)
    for participant in _list(resource.get("participant")):
        who = _carer(participant.get("individual"))
        if who is not None:
            yield Tie(patient, who, *_within(_dict(participant.get("period")), stay), Ground.ENCOUNTER)
    unit = _carer(resource.get("serviceProvider"))
    if unit is not None:
        arrived = [_low(_dict(movement.get("period"))) for movement in movements if status == "planned" or not _to_come(movement)]
        since = max(_some(*arrived), default=stay.low)
        yield Tie(patient, unit, since if since < stay.high else stay.low, stay.high, Ground.ENCOUNTER)


def _movements(resource: Resource) -> list[Resource]:
    """What has happened, and what is dated; a place that is only foreseen counts for a stay that is itself foreseen."""
    if resource.get("status") == "planned":
        return _list(resource.get("location"))
    return [
        movement
        for movement in _list(resource.get("location"))
        if not _to_come(movement) or _low(_dict(movement.get("period"))) is not None
    ]


def _to_come(movement: Resource) -> bool:
    return str(movement.get("status")) in _TO_COME


def _movement(movement: Resource, movements: list[Resource], stay: Span, *, over: bool) -> Span:
    period = _dict(movement.get("period"))
    if movement.get("status") == "completed" and _high(period) is None:
        # It is over; what came next says when, and if nothing came, the end of the stay.
        low = _low(period) or stay.low
        later = [at for other in movements if (at := _low(_dict(other.get("period")))) is not None and at > low]
        return _span(low, min(later, default=stay.high if over else _begun(movement) or low), period)
    return _within(period, stay)


def _appointment(resource: Resource) -> Iterator[Tie]:
    status = str(resource.get("status"))
    if status not in _APPOINTMENT_OPEN and status not in _APPOINTMENT_DONE:
        return
    actors = [actor for actor in _list(resource.get("participant")) if actor.get("status") != "declined"]
    patients = list(dict.fromkeys(patient for actor in actors if (patient := _patient(actor, "actor")) is not None))
    span = _appointed(resource, status)
    if span is None:
        return
    for patient in patients[:MOST_SUBJECTS]:
        for actor in actors:
            who = _carer(actor.get("actor"))
            if who is not None:
                yield Tie(patient, who, *span, Ground.APPOINTMENT)


def _appointed(resource: Resource, status: str) -> Span | None:
    start, end = _date(resource.get("start")), _date(resource.get("end"))
    if start is not None:
        minutes = resource.get("minutesDuration")
        high = end.high if end is not None else start.high
        if end is None and isinstance(minutes, int) and 0 < minutes < 1_000_000 and END - start.low > timedelta(minutes=minutes):
            high = start.low + timedelta(minutes=minutes)
        return _span(start.low, high, resource)
    wanted = [period for period in _list(resource.get("requestedPeriod")) if _low(period) or _high(period)]
    if wanted:
        lows, highs = [_low(period) for period in wanted], [_high(period) for period in wanted]
        return _span(_least(lows), None if None in highs else max(_some(*highs)), wanted[0])
    return _ALWAYS if status in _APPOINTMENT_OPEN else None


def _service_request(resource: Resource) -> Iterator[Tie]:
    patient, span = _patient(resource, "subject"), _ordered(resource, _ORDER_OPEN, _ORDER_CLOSED)
    if patient is not None and span is not None:
        for reference in (*_list(resource.get("performer")), resource.get("requester")):
            who = _carer(reference)
            if who is not None:
                yield Tie(patient, who, *span, Ground.REQUEST)


def _medication_request(resource: Resource) -> Iterator[Tie]:
    patient, span = _patient(resource, "subject"), _ordered(resource, _ORDER_OPEN, _ORDER_CLOSED)
    if patient is not None and span is not None:
        for reference in (_dict(resource.get("dispenseRequest")).get("performer"), resource.get("requester")):
            who = _carer(reference)
            if who is not None:
                yield Tie(patient, who, *span, Ground.PRESCRIPTION)


def _task(resource: Resource) -> Iterator[Tie]:
    patient, span = _patient(resource, "for"), _ordered(resource, _TASK_OPEN, _TASK_CLOSED)
    if patient is not None and span is not None:
        for reference in (resource.get("owner"), *_list(_dict(resource.get("restriction")).get("recipient"))):
            who = _carer(reference)
            if who is not None:
                yield Tie(patient, who, *span, Ground.TASK)


def _care_team(resource: Resource) -> Iterator[Tie]:
    """The members, each for her time in the team or the team's own. A suspended team cares for nobody meanwhile."""
    patient, status = _patient(resource, "subject"), resource.get("status", "active")
    if patient is None or not isinstance(status, str) or not (status == "active" or status in _TEAM_CLOSED):
        return
    period = _dict(resource.get("period"))
    for participant in _list(resource.get("participant")):
        who = _carer(participant.get("member"))
        if who is not None:
            own = _dict(participant.get("period"))
            own = own if _low(own) or _high(own) else period
            span = _closed(resource, own) if status in _TEAM_CLOSED else _span(_low(own), _high(own), own)
            if span is not None:
                yield Tie(patient, who, *span, Ground.TEAM)


def _episode(resource: Resource) -> Iterator[Tie]:
    patient, status, period = _patient(resource, "patient"), str(resource.get("status")), _dict(resource.get("period"))
    if status in _EPISODE_OPEN:
        span: Span | None = _span(_low(period), _high(period), period)
    else:
        span = _closed(resource, period) if status == "finished" else None
    if patient is not None and span is not None:
        for name in ("managingOrganization", "careManager"):
            who = _carer(resource.get(name))
            if who is not None:
                yield Tie(patient, who, *span, Ground.TEAM)


def _general_practitioners(resource: Resource) -> Iterator[Tie]:
    id_ = resource.get("id")
    if isinstance(id_, str) and relative(f"Patient/{id_}"):
        for reference in _list(resource.get("generalPractitioner")):
            who = _carer(reference)
            if who is not None:
                yield Tie(id_, who, *_ALWAYS, Ground.TEAM)


def _consent(resource: Resource) -> Iterator[Tie]:
    """A refusal to share the record (scope ``patient-privacy``), for the time it is said for."""
    patient, provision = _patient(resource, "patient"), _dict(resource.get("provision"))
    scopes = {
        coding.get("code") for coding in _list(_dict(resource.get("scope")).get("coding")) if isinstance(coding.get("code"), str)
    }
    if (
        patient is None
        or resource.get("status") != "active"
        or provision.get("type") != "deny"
        or "patient-privacy" not in scopes
    ):
        return
    period = _dict(provision.get("period"))
    yield Tie(patient, None, *_span(_low(period), _high(period), period), Ground.OPPOSITION)


_RULES: Mapping[str, Callable[[Resource], Iterator[Tie]]] = {
    "Appointment": _appointment,
    "CareTeam": _care_team,
    "Consent": _consent,
    "Encounter": _encounter,
    "EpisodeOfCare": _episode,
    "MedicationRequest": _medication_request,
    "Patient": _general_practitioners,
    "ServiceRequest": _service_request,
    "Task": _task,
}


# Time


def _ordered(resource: Resource, opened: frozenset[str], closed: frozenset[str]) -> Span | None:
    """From when it was asked for, as long as it is open; then to the last date it tells of. None: it ties nobody."""
    status = str(resource.get("status"))
    written = _date(resource.get("authoredOn"))
    low = written.low if written is not None else None
    if status in opened:
        return _span(low, None, resource)
    if status not in closed:
        return None
    timings = [_dict(_dict(dose.get("timing")).get("repeat")) for dose in _list(resource.get("dosageInstruction"))]
    timings.append(_dict(_dict(resource.get("occurrenceTiming")).get("repeat")))
    periods = [
        *(_dict(resource.get(name)) for name in ("executionPeriod", "occurrencePeriod")),
        _dict(_dict(resource.get("dispenseRequest")).get("validityPeriod")),
        *(_dict(timing.get("boundsPeriod")) for timing in timings),
    ]
    return _closed(resource, *periods)


def _closed(resource: Resource, *periods: Resource) -> Span | None:
    """The time of what is over: to the last date in ``periods`` or the day it was written, never beyond its last change.

    The last change itself is not the end: what is old and only now comes into the record opens nothing. None: no date at all.
    """
    written = [_date(resource.get(name)) for name in ("authoredOn", "occurrenceDateTime", "lastModified")]
    begun = [span for span in (*written, *(_date(period.get("start")) for period in periods)) if span is not None]
    high = max((*(span.high for span in begun), *_some(*map(_high, periods))), default=None)
    if high is None:
        return None
    changed = _date(_dict(resource.get("meta")).get("lastUpdated"))
    if changed is not None:
        high = min(high, changed.high)
    authored = written[0]
    lows = [authored.low] if authored is not None else [span.low for span in begun]
    low = min(lows, default=BEGINNING)
    return Span(low, high) if low < high else Span(low, max(span.high for span in begun if span.low == low))


def _within(period: Resource, whole: Span) -> Span:
    """``period``, whose missing ends are those of ``whole``."""
    low, high = _low(period), _high(period)
    return _span(whole.low if low is None else low, whole.high if high is None else high, period)


def _span(low: datetime | None, high: datetime | None, period: Resource) -> Span:
    """The span from ``low`` to ``high``; one that ends before it begins lasts as long as its beginning (``dates.period``)."""
    low, high = low or BEGINNING, high or END
    if low < high:
        return Span(low, high)
    start = _date(period.get("start"))
    return start if start is not None else Span(low, min(low, END - timedelta(seconds=1)) + timedelta(seconds=1))


def _date(value: Any) -> Span | None:
    if not isinstance(value, str):
        return None
    try:
        return interval(value)
    except Invalid:
        return None


def _low(period: Resource) -> datetime | None:
    span = _date(period.get("start"))
    return None if span is None else span.low


def _high(period: Resource) -> datetime | None:
    span = _date(period.get("end"))
    return None if span is None else span.high


def _begun(resource: Resource) -> datetime | None:
    """The end of the beginning: the day of a start that is a day."""
    span = _date(_dict(resource.get("period")).get("start"))
    return None if span is None else span.high


def _least(moments: list[datetime | None]) -> datetime | None:
    return None if None in moments else min(_some(*moments))


def _some(*moments: datetime | None) -> list[datetime]:
    return [moment for moment in moments if moment is not None]


# Content


def _dict(value: Any) -> Resource:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Resource]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _target(reference: Any) -> tuple[str, str] | None:
    text = reference.get("reference") if isinstance(reference, Mapping) else None
    return relative(text) if isinstance(text, str) else None


def _patient(resource: Resource, name: str) -> str | None:
    target = _target(resource.get(name))
    return target[1] if target is not None and target[0] == "Patient" else None


def _carer(reference: Any) -> tuple[str, str] | None:
    target = _target(reference)
    return target if target is not None and target[0] in _CARERS else None
