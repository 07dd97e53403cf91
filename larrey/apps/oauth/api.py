"""The door of the room for other rooms and for the command line."""

from __future__ import annotations

from larrey.apps.oauth.actions.clients import disable, register
from larrey.apps.oauth.actions.launching import launch
from larrey.apps.oauth.actions.signing import rotate
from larrey.apps.oauth.models import KINDS, Client
from larrey.apps.oauth.queries.clients import everything, launchable

__all__ = ["KINDS", "Client", "disable", "everything", "launch", "launchable", "register", "rotate"]
