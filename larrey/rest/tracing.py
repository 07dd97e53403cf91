"""The trace of the machine door: what was read, written or refused is told in the transaction of its reading or writing.

A read is one implicit transaction of PostgreSQL: the statements of a pipeline between two synchronisations
(https://www.postgresql.org/docs/16/protocol-flow.html#PROTOCOL-FLOW-PIPELINING). The row of the trace is sent with what ends it,
so that the trace costs one round trip, and no answer leaves before its row is safe. Measured: docs/why/trace.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from psycopg import Cursor

from larrey.access import trail
from larrey.access.trail import Action
from larrey.fhir.definitions import resource_types
from larrey.kit.errors import Fault, Forbidden, Gone, LarreyError, NotFound
from larrey.kit.ids import is_resource_id
from larrey.store import whose
from larrey.store.history import Change
from larrey.store.stored import Stored, Written

if TYPE_CHECKING:
    from larrey.rest.request import Request
    from larrey.rest.response import Response
    from larrey.rest.routing import Interaction
    from larrey.rest.session import Session

DOOR = "fhir"
_WORDS = {"C": "created", "U": "updated", "D": "deleted"}
_ABOUT = frozenset({"patient", "subject"})


def answered(request: Request, session: Session, chosen: Interaction) -> Response:
    """The answer of an interaction, traced. What is refused is traced too, in a transaction of its own, and raised."""
    try:
        if not chosen.reads:
            return chosen.answer(request, session)
        with session.reading():
            response = chosen.answer(request, session)
            if response.shown is None:
                raise Fault(f"The interaction {chosen.name} does not say what it shows.")
            session.note(request, chosen.action, response.shown)
        return response
    except (Forbidden, NotFound, Gone) as error:
        # Inside of a transaction the refusal ends the whole, which is traced as one.
        if not session.inner:
            refused(request, session.cursor, error)
        raise


def read(cursor: Cursor[Any], request: Request, action: Action, shown: Sequence[Stored | Change]) -> None:
    """Tell that ``shown`` was shown, in the cursor's transaction. Who opens says whom; who searches says who was shown."""
    patient_id = _meant(request) if action is Action.OPEN else None
    trail.trace_found(
        cursor,
        request.caller,
        action,
        _asked(request),
        whose.shown(shown),
        patient_id=patient_id,
        address=address(request),
        door=DOOR,
        quick=not request.settings.trace_waits,
    )


def written(cursor: Cursor[Any], request: Request, result: Any, shown: Sequence[Stored | Change]) -> None:
    """Tell what the cursor's transaction wrote; ``result`` is what its interaction made of it, ``shown`` what it read beside."""
    results = result if isinstance(result, list) else [result]
    found = [row.stored for row in results if isinstance(row, Written) and row.outcome == "found" and row.stored is not None]
    what = _asked(request)
    if len(results) == 1 and isinstance(results[0], Written):
        row = results[0]
        what = f"{row.type}/{row.id}/_history/{row.version} {request.interaction}"
        if row.outcome == "found":
            what += " (found)"
    else:
        counts = whose.counts(cursor)
        told = [f"{counts[method]} {word}" for method, word in _WORDS.items() if counts.get(method)]
        if shown:
            told.append(f"{len(shown)} shown")
        what += f" ({', '.join(told) or 'nothing written'})"
    patients = whose.changed([*shown, *found])
    trail.trace_found(cursor, request.caller, Action.WRITE, what, patients, address=address(request), door=DOOR)


def refused(request: Request, cursor: Cursor[Any], error: LarreyError) -> None:
    """Tell that the request was refused. A caller before whom nothing is hidden and who finds nothing was not refused."""
    caller = request.caller
    if not isinstance(error, Forbidden) and caller.sight.everyone:
        return
    patient_id, patients = _meant(request), whose.NOBODY
    type_, id_ = (*request.segments, "", "")[:2]
    if patient_id is None and type_ in resource_types() and is_resource_id(id_):
        patients = whose.named(type_, id_)
    trail.trace_found(
        cursor,
        caller,
        Action.REFUSED,
        _asked(request),
        patients,
        patient_id=patient_id,
        why=error.message,
        address=address(request),
        door=DOOR,
    )


def address(request: Request) -> str | None:
    """The client's IP address, as the server (or the proxy that it trusts) saw it."""
    found: str | None = request.environ.get("REMOTE_ADDR")
    return found


def _asked(request: Request) -> str:
    """The address below the root with its criteria, then the interaction (http://hl7.org/fhir/R4/valueset-type-restful-interaction.html)."""
    path = "/".join(request.segments)
    criteria = f"?{request.criteria()}" if request.pairs else ""
    return f"{path}{criteria} {request.interaction}".lstrip()


def _meant(request: Request) -> str | None:
    """The id of the patient whose record was meant, as far as the address says so."""
    segments = request.segments
    if len(segments) > 1 and segments[0] == "Patient" and is_resource_id(segments[1]):
        return segments[1]
    for name, value in request.pairs:
        if name.partition(":")[0] in _ABOUT:
            id_ = value.removeprefix("Patient/")
            if is_resource_id(id_):
                return id_
    return None
