"""The broken glasses as a model, for screens that list them. Written by ``larrey.access.glass``, in plain SQL."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class BrokenGlass(models.Model):
    """Someone opened the record of a patient who was not hers: who, whose, why, from when to when.

    Nothing of it changes afterwards but ``ended``, once: when she closed it before ``until`` (a trigger sees to it).
    ``reason`` is a value of ``larrey.access.glass.Reason``; ``patient`` is ``kit.ids.patient_uuid(patient_id)``.
    """

    at = models.DateTimeField()
    account = models.ForeignKey("access.Account", models.PROTECT, related_name="+")
    patient = models.UUIDField()
    patient_id = models.TextField()
    role = models.TextField()
    place = models.TextField()
    reason = models.TextField(_("reason"))
    text = models.TextField()
    until = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        app_label = "access"
        db_table = "access_glass"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["patient", "-id"], name="access_glass_patient"),
            models.Index(fields=["account", "patient", "-id"], name="access_glass_account"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.patient_id} {self.reason}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        super().save(*args, **{**kwargs, "force_insert": True})
