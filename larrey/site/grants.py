"""The application's own database role: what servers connect as, and exactly what it may do.

The owner of the tables migrates and administers; whoever answers requests is another role, ``larrey_app``, which reads and writes
rows but can neither change a table nor rewrite the trace: of ``access_audit`` it inserts and reads alone, and chooses neither the
number nor the time of a row. docs/how-to/use-your-postgresql.md tells how to make it where ``larrey migrate`` may not.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from psycopg import Connection, errors, sql
from psycopg.conninfo import conninfo_to_dict

APPLICATION = "larrey_app"
"""The role's name, unless LARREY_DATABASE_URL names another beside LARREY_OWNER_DATABASE_URL."""

TRACE = ("access_audit", "access_seal", "access_purge")
"""Tables that nobody rewrites."""
_ADDED = {
    "access_audit": "actor, account_id, role, place, why, action, patient, patient_id, patients, what, address, door",
    "access_seal": "day, number, audit, hash",
}
"""Columns of the trace that the application gives; the others come from the database itself."""
_READ_ONLY = ("access_purge", "django_migrations", "record_migration")

# Rights are given anew at each migration, and taken back first: what an older version gave too much is gone.
_ALL = """
grant usage on schema public, record to {role};
revoke create on schema public from public;
revoke create on schema public, record from {role};
revoke all on all tables in schema public, record from {role};
grant select, insert, update, delete on all tables in schema public, record to {role};
grant usage, select on all sequences in schema public, record to {role};
alter default privileges in schema public grant select, insert, update, delete on tables to {role};
alter default privileges in schema record grant select, insert, update, delete on tables to {role};
alter default privileges in schema public grant usage, select on sequences to {role};
alter default privileges in schema record grant usage, select on sequences to {role};
"""


def application_url(owner: str) -> str:
    """The embedded database's URL for whoever answers requests: ``owner`` with the application's role."""
    parts = urlsplit(owner)
    return urlunsplit(parts._replace(netloc=f"{APPLICATION}@{parts.netloc.rpartition('@')[2]}"))


def with_user(url: str, name: str, password: str) -> str:
    """``url`` for another role of the same database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{quote(name)}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"))


def ensure(connection: Connection[Any], application: str = "") -> list[str]:
    """Give the application's role its rights on this database, making the role when it is missing and that may be done.

    ``application`` is LARREY_DATABASE_URL where it is not the owner's: the role's name and password are those in it. Returns what
    was made, for the report of ``larrey migrate``. A role that cannot be made is left to the administrator.
    """
    parts = conninfo_to_dict(application) if application else {}
    name = str(parts.get("user") or APPLICATION)
    row = connection.execute("select current_user, (select true from pg_roles where rolname = %s)", [name]).fetchone()
    assert row is not None  # a select of one row
    owner, known = row
    if name == owner:
        return []
    made: list[str] = []
    if not known:
        if not _make(connection, name, str(parts.get("password") or "")):
            return []
        made = [f"role {name}"]
    role = sql.Identifier(name)
    with connection.transaction():
        connection.execute(sql.SQL(_ALL).format(role=role))
        _trace(connection, role)
    return made


def failings(connection: Connection[Any], name: str) -> list[str]:
    """What the role ``name`` could do to the trace of this database that it must not; each as words after "it". Empty: sound."""
    row = connection.execute(
        "select rolsuper, rolcreaterole, has_parameter_privilege(rolname, 'session_replication_role', 'SET'),"
        " has_schema_privilege(rolname, 'public', 'CREATE') from pg_roles where rolname = %s",
        [name],
    ).fetchone()
    if row is None:
        return ["is not there"]
    if row[0]:
        return ["is a superuser"]
    may = ("may make roles", "may switch triggers off", "may make tables")
    found = [words for words, can in zip(may, row[1:], strict=True) if can]
    for table in TRACE:
        owned = connection.execute(
            "select pg_has_role(%s, relowner, 'member') from pg_class where oid = to_regclass(%s)", [name, f"public.{table}"]
        ).fetchone()
        if owned is None:
            continue  # the migration that makes it is missing, and that is told elsewhere
        if owned[0]:
            found.append(f"owns {table}")
            continue
        held = connection.execute(
            "select r from unnest(array['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) r"
            " where has_table_privilege(%s, %s::regclass, r)"
            "   or (r in ('UPDATE', 'REFERENCES') and has_any_column_privilege(%s, %s::regclass, r))",
            [name, f"public.{table}", name, f"public.{table}"],
        ).fetchall()
        if held:
            found.append(f"may {', '.join(right for (right,) in held)} on {table}")
    if connection.execute("select has_table_privilege(%s, 'access_audit'::regclass, 'SELECT')", [name]).fetchone() != (True,):
        found.append("cannot read access_audit; run `larrey migrate`")
    return found


def _make(connection: Connection[Any], name: str, password: str) -> bool:
    secret = sql.SQL("password {}").format(sql.Literal(password)) if password else sql.SQL("")
    command = sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole noreplication noinherit {}")
    try:
        with connection.transaction():
            connection.execute(command.format(sql.Identifier(name), secret))
    except errors.InsufficientPrivilege:
        return False
    except (errors.DuplicateObject, errors.UniqueViolation):  # made meanwhile, for another database of this server
        pass
    return True


def _trace(connection: Connection[Any], role: sql.Identifier) -> None:
    for table in (*_READ_ONLY, *_ADDED):
        if connection.execute("select to_regclass(%s) is null", [f"public.{table}"]).fetchone() == (True,):
            continue
        name = sql.Identifier("public", table)
        connection.execute(sql.SQL("revoke insert, update, delete on {} from {}").format(name, role))
        if table in _ADDED:
            columns = sql.SQL(_ADDED[table])
            connection.execute(sql.SQL("grant insert ({}) on {} to {}").format(columns, name, role))
