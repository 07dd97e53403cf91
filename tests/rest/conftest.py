"""An API over an empty record that the tests of one file share; each test makes what it needs under ids of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from larrey.kit.errors import Unauthenticated
from larrey.rest.application import Application, application
from larrey.rest.settings import RestSettings
from larrey.store.caller import EVERYONE, Caller
from tests.rest.client import Client

RIGHTS = {
    "all": {"*": "cruds"},
    "reader": {"*": "rs"},
    "observations": {"Observation": "rs", "Patient": "r"},
    "nothing": {},
}


def verify(cursor: psycopg.Cursor[Any], secret: str) -> Caller:
    """Tokens named by what they may do."""
    if secret not in RIGHTS:
        raise Unauthenticated("unknown")
    return Caller(f"token:{secret}", RIGHTS[secret], EVERYONE)


Serve = Callable[..., Application]


@pytest.fixture(scope="module")
def serve(module_database_url: str) -> Serve:
    """Makes an API over the file's record with other settings."""

    def make(settings: RestSettings | None = None, **more: Any) -> Application:
        return application(settings or RestSettings(), lambda: psycopg.connect(module_database_url), **{"verify": verify, **more})

    return make


@pytest.fixture(scope="module")
def api(serve: Serve) -> Client:
    """A client that may do everything."""
    return Client(serve())
