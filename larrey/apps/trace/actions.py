"""Deciding on an access, and reading the notice of a broken glass. Each is traced in its transaction."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from psycopg import Cursor

from larrey.access.models import Account, BrokenGlass
from larrey.access.trail import Action, trace
from larrey.apps.trace.models import Decision, Notice, Verdict
from larrey.apps.trace.queries.cases import KINDS
from larrey.kit.errors import Invalid, NotFound
from larrey.store.caller import Caller


def decide(
    cursor: Cursor,
    caller: Caller,
    *,
    kind: str,
    account: int,
    patient_id: str,
    subject: str,
    verdict: str,
    text: str,
    address: str | None,
) -> Decision:
    """Keep what the officer ``caller`` thinks of a case (named as in ``models.Decision``), for good.

    Raises ``Invalid`` for an unknown kind or verdict, ``NotFound`` when there is no such account or broken glass.
    """
    if kind not in KINDS or verdict not in Verdict.values or not text.strip() or caller.account is None:
        raise Invalid("This is not a decision.")
    if not Account.objects.filter(pk=account).exists():
        raise NotFound("There is no such account.")
    if kind == "glass":
        known = subject.isascii() and subject.isdigit() and len(subject) < 19
        if not known or not BrokenGlass.objects.filter(pk=int(subject), account=account, patient_id=patient_id).exists():
            raise NotFound("There is no such broken glass.")
    decision = Decision(
        kind=kind,
        account_id=account,
        patient_id=patient_id,
        subject=subject,
        verdict=verdict,
        text=text.strip(),
        by_id=caller.account,
    )
    decision.save()
    told = f"{kind} account {account} {subject}".strip()
    trace(cursor, caller, Action.DECISION, told, patient_id=patient_id or None, why=f"decision: {verdict}", address=address)
    return decision


def read_notice(account: Account, glass_id: int) -> None:
    """Note that the patient has read about a broken glass of her record. Raises ``NotFound`` for one of another record."""
    if not BrokenGlass.objects.filter(pk=glass_id, patient_id=account.patient).exists():
        raise NotFound("There is no such notice.")
    try:
        with transaction.atomic():
            Notice(account=account, glass_id=glass_id).save(force_insert=True)
    except IntegrityError:
        return  # read already
