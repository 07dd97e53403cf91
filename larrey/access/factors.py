"""The forms of passkeys: allauth's, which here tell the trace of what was refused.

What a browser sends as a passkey is a structure that anyone may make up; allauth expects some of its faults and not all.
"""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django.core.exceptions import ValidationError

from larrey.access import signals

_ODD = (TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError)
"""What reading a structure of the wrong shape raises."""


class _Passkey:
    """Before an allauth form with a ``credential``."""

    user: Any

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]  # of the form that comes after in the order
        except ValidationError:
            self._refused()
            raise
        except _ODD as error:
            self._refused()
            raise get_adapter().validation_error("incorrect_code") from error

    def _refused(self) -> None:
        signals.failed(context.request, self.user.username if self.user else "", "passkey")


class SecondPasskeyForm(_Passkey, AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth carries no types
    """A passkey as the second step."""


class LonePasskeyForm(_Passkey, LoginWebAuthnForm):  # type: ignore[misc]  # allauth carries no types
    """A passkey that says whose it is."""


class KnownPasskeyForm(_Passkey, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth carries no types
    """A passkey of who is signed in: to unlock, or to confirm that it is she."""


class NewPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth carries no types
    """A passkey that is made now."""

    def clean(self) -> Any:
        try:
            return super().clean()
        except _ODD as error:
            raise get_adapter().validation_error("incorrect_code") from error
