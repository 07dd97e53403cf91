"""Access tokens given by the OAuth 2 server, as a model; written and verified in plain SQL by ``larrey.access.tokens``."""

from __future__ import annotations

from django.db import models


class IssuedToken(models.Model):
    """A key to the FHIR door that lives for minutes. ``digest`` is the SHA-256 of the secret, which is not kept.

    ``client``: the name of the program that holds it. ``account``: the person for whom it acts, with no more than her rights;
    none: the program itself. ``consent``: the number of the consent from which it comes, by which all of its tokens end.
    ``patient``: the id of the one patient to whom it is bound, or empty.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    client = models.CharField(max_length=100, db_index=True)
    account = models.ForeignKey("access.Account", null=True, on_delete=models.PROTECT, related_name="+")
    consent = models.BigIntegerField(null=True, db_index=True)
    scope = models.TextField()
    patient = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField()
    expires = models.DateTimeField(db_index=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        app_label = "access"
        db_table = "access_issued"

    def __str__(self) -> str:
        return f"{self.client} {self.scope}"
