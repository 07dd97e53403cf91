"""Making the keys that sign identity tokens."""

from __future__ import annotations

from django.db import transaction
from joserfc.jwk import RSAKey

from larrey.apps.oauth.models import SigningKey
from larrey.apps.oauth.queries import signing
from larrey.kit import ids, json

_BITS = 2048


def key() -> RSAKey:
    """The key that signs; made when there is none yet."""
    return signing.current() or rotate()


@transaction.atomic
def rotate() -> RSAKey:
    """Make a new key, which signs from now on. The public parts of those before it stay readable."""
    kid = ids.new_id()
    made = RSAKey.generate_key(_BITS, {"kid": kid})
    SigningKey.objects.create(kid=kid, sealed=signing.cipher().encrypt(json.dumps(made.as_dict(private=True))).decode())
    return made
