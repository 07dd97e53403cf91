"""What was decided on an access, and what a patient has read of it. Both are kept as they were said."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from larrey.access.models import Account, BrokenGlass


class Verdict(models.TextChoices):
    """What the security officer thinks of an access."""

    JUSTIFIED = "justified", _("Justified")
    EXPLAIN = "explain", _("To be explained")
    MISUSE = "misuse", _("Misuse")


class Decision(models.Model):
    """What a security officer decided on a case. Append-only: another opinion is another row, and the newest counts.

    A case is named by ``kind`` (``larrey.apps.trace.queries.cases.KINDS``), the account whose access it is, the patient
    (empty: not of one patient) and ``subject`` (the broken glass, or the day; empty: none). It covers what was done until ``at``.
    """

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=32)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    patient_id = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=32, blank=True)
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    text = models.TextField()
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")

    class Meta:
        db_table = "trace_decision"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "kind", "patient_id", "subject", "-id"], name="trace_decision_case"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.verdict}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        super().save(*args, **{**kwargs, "force_insert": True})


class Notice(models.Model):
    """A patient has read that someone broke the glass to open her record."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    glass = models.ForeignKey(BrokenGlass, models.PROTECT, related_name="+")
    read = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "trace_notice"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["account", "glass"], name="trace_notice_once")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.glass_id}"
