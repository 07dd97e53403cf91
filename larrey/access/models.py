"""Relational state of access: accounts, tokens of machines, the trace of openings. No clinical data."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from larrey.access.audit import AuditEntry
from larrey.access.roles import Role

__all__ = ["AccessToken", "Account", "AccountManager", "AuditEntry"]


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by user name without regard to case, as people type it."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=(username or "").lower())


class Account(AbstractBaseUser):
    """A person who signs in. Never deleted, only disabled: the trace names her for ever."""

    username = models.CharField(
        _("user name"),
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"\A[a-z0-9][a-z0-9._-]*\Z", _("Small letters, digits, dot, dash and underscore."))],
    )
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail address"), blank=True)
    role = models.CharField(_("role"), max_length=32, choices=Role.choices)
    is_active = models.BooleanField(_("active"), default=True)
    created = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "role"]

    objects: ClassVar[AccountManager] = AccountManager()

    def __str__(self) -> str:
        return self.name

    @property
    def role_name(self) -> str:
        """The role in the language of the page."""
        return str(Role(self.role).label)


class AccessToken(models.Model):
    """A machine's key to the FHIR door. The secret itself is never stored: ``digest`` is its SHA-256."""

    name = models.CharField(max_length=200, unique=True)
    digest = models.BinaryField(max_length=32, unique=True)
    scope = models.TextField()
    created = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_token"

    def __str__(self) -> str:
        return self.name
