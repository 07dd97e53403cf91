"""Sessions of people: one row each, with whose it is, since when, from where, and whether it is locked.

Django's database sessions with columns of their own (``SESSION_ENGINE``), so that a session is listed, locked and ended by
one statement, and a page costs no statement more than without. What changes beside the session's data (locked, last seen)
is never written with the data: a slow request that read the session before it was locked cannot unlock it.
"""

from __future__ import annotations

import ipaddress
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from larrey.kit import clock

if TYPE_CHECKING:
    from django.http import HttpRequest

    from larrey.access.models import Account

TOUCH = timedelta(minutes=1)
"""How exactly it is known when a session was last used: it is written no more often."""
STRANGERS = timedelta(hours=1)
"""How long the session of someone who has not signed in is kept: long enough for a sign-in elsewhere and back."""
_COLUMNS = ("account_id", "started", "seen", "locked", "address", "agent", "means")


class Session(AbstractBaseSession):
    """A browser's session. ``account`` is empty for a stranger's. ``handle`` names it on pages, where its key must not be.

    ``started``: the sign-in, from which the absolute limit runs. ``seen``: the last request, within a minute. ``locked``: since
    when the workstation is locked. ``means``: how she signed in, ``password``, ``code``, ``passkey`` or ``psc``.
    """

    handle = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("access.Account", null=True, on_delete=models.CASCADE, related_name="sessions")
    started = models.DateTimeField(null=True)
    seen = models.DateTimeField(null=True)
    locked = models.DateTimeField(null=True)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True, default="")
    means = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        db_table = "access_session"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["account", "-seen"], name="access_session_account")]

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        """Django's way from the row to what reads it."""
        return SessionStore


class SessionStore(DatabaseStore):
    """``request.session``. ``state`` holds the columns of its row."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._columns: dict[str, Any] = {}
        self._changed: set[str] = set()

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    @property
    def state(self) -> dict[str, Any]:
        """The columns of the session's row, read with its data; empty for a session that does not exist."""
        self._get_session()  # type: ignore[attr-defined]  # SessionBase's own, absent from the stubs
        return self._columns

    def load(self) -> dict[str, Any]:
        row = self._get_session_from_db()  # type: ignore[attr-defined]  # the parent's own, absent from the stubs
        self._columns = {name: getattr(row, name) for name in _COLUMNS} if row else {}
        return self.decode(row.session_data) if row else {}

    def begin(self, account: Account, address: str | None, agent: str, means: str) -> None:
        """This is now ``account``'s session; the limits run from here."""
        now = clock.now()
        self._set(
            account_id=account.pk,
            started=now,
            seen=now,
            locked=None,
            address=_address(address),
            agent=agent[:300].replace("\x00", ""),
            means=means,
        )
        self.modified = True

    def lock(self) -> None:
        """Every page answers the lock screen from now on."""
        self._write(locked=clock.now())

    def unlock(self) -> None:
        """The person is back."""
        self._write(locked=None, seen=clock.now())

    def touch(self) -> None:
        """The session is in use. One statement, at most once a minute."""
        now = clock.now()
        seen = self.state.get("seen")
        if seen is None or now - seen >= TOUCH:
            self._write(seen=now)

    def idle(self) -> timedelta:
        """How long the session has not been used."""
        seen: datetime | None = self.state.get("seen")
        return clock.now() - seen if seen else timedelta(0)

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """A sign-in ends a fixed time after it began, however much it is used; what a stranger began, soon."""
        started: datetime | None = self._columns.get("started")
        if started is None:
            return min(clock.now() + STRANGERS, super().get_expiry_date(**kwargs))
        return started + timedelta(seconds=settings.SESSION_COOKIE_AGE)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]  # of get_model_class
        for name, value in self._columns.items():
            setattr(row, name, value)
        return row

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  Django's signature
        if must_create or self.session_key is None:
            super().save(must_create)
            self._changed.clear()
            return
        row = self.create_model_instance(self._get_session())  # type: ignore[attr-defined]  # as in state
        values = {name: self._columns[name] for name in self._changed}
        kept = Session.objects.filter(session_key=self.session_key).update(
            session_data=row.session_data, expire_date=row.expire_date, **values
        )
        if not kept:  # ended meanwhile, by its owner elsewhere or by the administrator
            raise UpdateError
        self._changed.clear()

    def flush(self) -> None:
        super().flush()
        self._columns = {}
        self._changed.clear()

    def _set(self, **values: Any) -> None:
        self._get_session()  # type: ignore[attr-defined]  # as in state: read first, or reading would undo this
        self._columns.update(values)
        self._changed.update(values)

    def _write(self, **values: Any) -> None:
        self.state.update(values)
        Session.objects.filter(session_key=self.session_key).update(**values)


def of(account: Account) -> models.QuerySet[Session]:
    """The open sessions of ``account``, the last used first."""
    return Session.objects.filter(account=account, expire_date__gt=clock.now()).order_by("-seen")


def end_all(account: Account, *, but: str | None = None) -> int:
    """End the sessions of ``account`` with their next request, except that of the key ``but``; return how many."""
    return of(account).exclude(session_key=but or "").delete()[0]


def store(request: HttpRequest) -> SessionStore:
    """``request.session`` as what it is here."""
    session = request.session
    assert isinstance(session, SessionStore)
    return session


def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address((text or "").partition("%")[0]))
    except ValueError:
        return None
