"""The demo's accounts: one of each role, with passwords that everyone may read. Never in production."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from psycopg import Cursor

from larrey.access import record, rpps, standing
from larrey.access.models import Account
from larrey.access.roles import Role
from larrey.access.titles import title
from larrey.kit import clock, json
from larrey.kit.errors import Misconfigured
from larrey.store.keys import parameter_key, token_key


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demo, as shown on its sign-in page."""

    username: str
    password: str
    name: str
    role: Role
    unit: str = ""
    """Where she works, where that tells whose patients she sees."""

    @property
    def role_name(self) -> str:
        """The role in the language of the page."""
        return title(self.role)


ACCOUNTS = (
    DemoAccount("medecin", "larrey-medecin", "Dr Camille Arnaud", Role.DOCTOR, "médecine interne"),
    DemoAccount("infirmiere", "larrey-infirmiere", "Inès Morvan", Role.NURSE, "médecine interne"),
    DemoAccount("medecin2", "larrey-medecin2", "Dr Antoine Lemoine", Role.DOCTOR, "maladies infectieuses"),
    DemoAccount("infirmiere2", "larrey-infirmiere2", "Chloé Teixeira", Role.NURSE, "maladies infectieuses"),
    DemoAccount("sagefemme", "larrey-sagefemme", "Nolwenn Kerbrat", Role.MIDWIFE, "suites de couches"),
    DemoAccount("pharmacien", "larrey-pharmacien", "Dr Hugo Delmas", Role.PHARMACIST, "pharmacie du CHU"),
    DemoAccount("secretaire", "larrey-secretaire", "Martine Roche", Role.MEDICAL_SECRETARY, "médecine interne"),
    DemoAccount("admission", "larrey-admission", "Karim Benali", Role.ADMISSION_DESK),
    DemoAccount("identite", "larrey-identite", "Paul Gauthier", Role.IDENTITY_OFFICER),
    DemoAccount("dim", "larrey-dim", "Élise Vasseur", Role.CODER),
    DemoAccount("chercheur", "larrey-chercheur", "Thomas Weber", Role.RESEARCHER),
    DemoAccount("support", "larrey-support", "Lucas Ferrand", Role.SUPPORT_AGENT),
    DemoAccount("admin", "larrey-admin", "Sophie Lenoir", Role.ADMINISTRATOR),
    DemoAccount("securite", "larrey-securite", "Nadia Cherif", Role.SECURITY_OFFICER),
    DemoAccount("patient", "larrey-patient", "", Role.PATIENT),
)
"""``patient`` is named after the patient of the record that she is."""
TAG = "urn:larrey:demo:account"
"""System of the tag on the Practitioner of each account; the code is the user name."""
_TAGGED = "select body from record.resource where type = 'Practitioner' and tokens @> array[%s] order by rid limit 1"
_HERS = """
select p.id, p.body from (
    select patient, max(high) as high from record.care
    where who = any(%s::bigint[]) and ground = 'E' and low <= %s group by patient order by 2 desc, 1 limit 40
) seen join record.resource p on p.type = 'Patient' and p.patient = seen.patient order by seen.high desc, p.rid
"""


def enabled() -> bool:
    """Whether this server is a demo."""
    return bool(getattr(settings, "LARREY_DEMO", False))


def ensure_accounts() -> tuple[DemoAccount, ...]:
    """Make the demo's accounts, or give them back their name, role and password, and tie them to the people of the record.

    To be called once the record is filled. Raises ``Misconfigured`` outside a demo.
    """
    if not enabled():
        raise Misconfigured("Demo accounts are made only by a demo server.")
    with record.cursor() as cursor:
        for demo in ACCOUNTS:
            account = Account.objects.filter(username=demo.username).first() or Account(username=demo.username)
            account.name, account.role, account.is_active = demo.name, demo.role, True
            _tie(cursor, account)
            if not account.check_password(demo.password):
                account.set_password(demo.password)
            account.save()
            standing.forget(account.pk)
    return ACCOUNTS


def _tie(cursor: Cursor[Any], account: Account) -> None:
    """To the professional of the record who bears her tag; the patient to one who was in the doctor's ward."""
    if account.role == Role.PATIENT:
        account.name = account.name or "Patient"
        found = _patient(cursor, account.patient)
        if found is not None:
            account.patient, account.name = found
        return
    mark = token_key(parameter_key("Practitioner", "_tag"), TAG, account.username)
    row = cursor.execute(_TAGGED, (mark,)).fetchone()
    if row is not None:
        practitioner = json.loads(row[0])
        number = rpps.of(practitioner)
        account.practitioner, account.rpps = practitioner["id"], number if rpps.is_valid(number) else ""


def _patient(cursor: Cursor[Any], kept: str) -> tuple[str, str] | None:
    """Id and name of the patient: the one of before, else a grown-up of the doctor's ward, who is there now if possible."""
    if kept:
        rows = cursor.execute("select id, body from record.resource where type = 'Patient' and id = %s", (kept,)).fetchall()
    else:
        doctor = Account.objects.filter(username=ACCOUNTS[0].username).first()
        keys = list(standing.caller_of(cursor, doctor.pk).sight.keys) if doctor is not None else []
        rows = cursor.execute(_HERS, (keys, clock.now())).fetchall()
    grown = str(clock.now().year - 19)
    for id_, body in rows:
        patient = json.loads(body)
        names = [name for name in patient.get("name", ()) if name.get("family") and name.get("given")]
        if names and patient.get("birthDate", "9999") < grown and "deceasedDateTime" not in patient:
            return id_, f"{names[0]['given'][0]} {names[0]['family']}"
    return None


def shown_accounts() -> tuple[DemoAccount, ...]:
    """The accounts to show on the sign-in page: those of a demo, none elsewhere."""
    return ACCOUNTS if enabled() else ()
