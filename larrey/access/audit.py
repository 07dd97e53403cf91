"""The trace as a model, for screens that list it. Written by ``larrey.access.trail``, in plain SQL."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """One thing that a person or a machine did, or was refused: who, in what role, where, why, what, when, from which address.

    Append-only: the database refuses UPDATE, DELETE and TRUNCATE (triggers), and gives the application's own role the right
    to insert and to read alone; that role chooses neither the number nor the time of a row. ``patient_id``, ``what`` and the
    account's key are kept as they were: the trace outlives what it names.

    ``patient`` is ``kit.ids.patient_uuid(patient_id)``; ``patients`` are those whom a search showed, at most a thousand.
    """

    when = models.DateTimeField(db_column="at", db_default=Now())
    actor = models.TextField(db_default="")
    account = models.ForeignKey(
        "access.Account", models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    role = models.TextField(db_default="")
    place = models.TextField(db_default="")
    why = models.TextField(db_default="")
    action = models.TextField()
    patient = models.UUIDField(null=True)
    patient_id = models.TextField(null=True)  # noqa: DJ001  absent is not the same as a patient without an id
    patients = ArrayField(models.UUIDField(), null=True)
    what = models.TextField(db_default="")
    address = models.GenericIPAddressField(null=True)
    door = models.TextField(db_default="page")

    class Meta:
        app_label = "access"
        db_table = "access_audit"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["patient", "-id"], name="access_audit_patient"),
            models.Index(fields=["account", "-id"], name="access_audit_account"),
            GinIndex(fields=["patients"], name="access_audit_patients", condition=models.Q(patients__isnull=False)),
            BrinIndex(fields=["when"], name="access_audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.what}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only: an entry is never changed. The application's role may not (it names no time): it calls ``trail.trace``."""
        super().save(*args, **{**kwargs, "force_insert": True})
