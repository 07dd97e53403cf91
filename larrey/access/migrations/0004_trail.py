"""The trace of everything, not of openings alone: its columns, its seals, the record of what was purged by rule."""

from __future__ import annotations

from typing import Any, ClassVar

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from larrey.kit.ids import patient_uuid

TABLES = """
alter table access_audit rename to access_audit_0002;
drop index access_audit_patient;
drop index access_audit_account;
alter table access_audit_0002 rename constraint access_audit_pkey to access_audit_0002_pkey;

create table access_audit (
    id bigint generated always as identity,
    xid xid8 not null default pg_current_xact_id(),      -- the seals follow the order in which transactions began to write
    at timestamptz not null default now(),
    actor text not null default '',
    account_id bigint,
    role text not null default '',
    place text not null default '',                      -- id of the Organization where she works
    why text not null default '',
    action text not null,
    patient uuid,                                        -- kit.ids.patient_uuid(patient_id)
    patient_id text,
    patients uuid[],                                     -- those whom a search showed, at most a thousand
    what text not null default '',
    address inet,
    door text not null default 'page',
    constraint access_audit_pkey primary key (id),
    constraint access_audit_patients_most check (cardinality(patients) between 1 and 1000)
);

-- One row for each sealed row of the trace: hash = sha256(the hash before, what the row says). See larrey/access/seals.py.
create table access_seal (
    day date not null,
    number bigint not null,                              -- from 1 each day
    audit bigint not null,
    hash bytea not null,
    constraint access_seal_pkey primary key (day, number),
    constraint access_seal_audit unique (audit)
);

-- Days deleted by rule. The last hash of a purged day is where the next day's chain begins.
create table access_purge (
    day date primary key,
    rows bigint not null,
    hash bytea not null,
    years integer not null,
    at timestamptz not null default now(),
    signature bytea not null                             -- of the line that says all this: larrey/access/seals.py
);
"""
GUARDS = """
create index access_audit_patient on access_audit (patient, id desc);
create index access_audit_account on access_audit (account_id, id desc);
create index access_audit_patients on access_audit using gin (patients) where patients is not null;
create index access_audit_at on access_audit using brin (at);
create index access_audit_xid on access_audit (xid, id);

drop table access_audit_0002;
drop function access_audit_refuse();
create function access_audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the trace is append-only' using errcode = 'insufficient_privilege';
end $$;
-- The owner's "larrey audit purge" names the day that it deletes; nothing of the last year ever goes.
create function access_seal_keep() returns trigger language plpgsql as $$
begin
    if current_setting('larrey.purged_day', true) is distinct from old.day::text or old.day > current_date - 365 then
        raise exception 'the trace is append-only' using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;
create function access_audit_keep() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('larrey.purged_day', true), '') = '' or old.at > now() - interval '360 days' then
        raise exception 'the trace is append-only' using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;
create trigger access_audit_append_only before update on access_audit for each row execute function access_audit_refuse();
create trigger access_audit_no_delete before delete on access_audit
    for each row execute function access_audit_keep();
create trigger access_audit_no_truncate before truncate on access_audit
    for each statement execute function access_audit_refuse();
create trigger access_seal_append_only before update on access_seal for each row execute function access_audit_refuse();
create trigger access_seal_no_delete before delete on access_seal for each row execute function access_seal_keep();
create trigger access_seal_no_truncate before truncate on access_seal
    for each statement execute function access_audit_refuse();
create trigger access_purge_append_only before update or delete on access_purge
    for each row execute function access_audit_refuse();
create trigger access_purge_no_truncate before truncate on access_purge
    for each statement execute function access_audit_refuse();
"""
_COPY = """
insert into access_audit (id, at, actor, account_id, role, action, patient, patient_id, what, address)
overriding system value
select a.id, a.at, coalesce('account:' || u.username, ''), a.account_id, a.role, 'open', k.key, a.patient, a.what, a.address
from access_audit_0002 a join unnest(%s::text[], %s::uuid[]) k (id, key) on k.id = a.patient
left join access_account u on u.id = a.account_id
"""
_NEXT = "select setval(pg_get_serial_sequence('access_audit', 'id'), greatest((select max(id) from access_audit), 1))"


def copy(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    """Openings of before, with the access key of their patient."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("select distinct patient from access_audit_0002")
        known = [id_ for (id_,) in cursor.fetchall()]
        for start in range(0, len(known), 10_000):
            some = known[start : start + 10_000]
            cursor.execute(_COPY, [some, [patient_uuid(id_) for id_ in some]])
        if known:
            cursor.execute(_NEXT)


class Migration(migrations.Migration):
    """Tables ``access_audit`` (anew), ``access_seal``, ``access_purge``."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("access", "0003_people")]

    operations: ClassVar[list[Any]] = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLES), migrations.RunPython(copy), migrations.RunSQL(GUARDS)],
            state_operations=[
                migrations.DeleteModel("AuditEntry"),
                migrations.CreateModel(
                    name="AuditEntry",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("when", models.DateTimeField(db_column="at", db_default=django.db.models.functions.datetime.Now())),
                        ("actor", models.TextField(db_default="")),
                        (
                            "account",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("role", models.TextField(db_default="")),
                        ("place", models.TextField(db_default="")),
                        ("why", models.TextField(db_default="")),
                        ("action", models.TextField()),
                        ("patient", models.UUIDField(null=True)),
                        ("patient_id", models.TextField(null=True)),
                        ("patients", django.contrib.postgres.fields.ArrayField(models.UUIDField(), null=True, size=None)),
                        ("what", models.TextField(db_default="")),
                        ("address", models.GenericIPAddressField(null=True)),
                        ("door", models.TextField(db_default="page")),
                    ],
                    options={
                        "db_table": "access_audit",
                        "indexes": [
                            models.Index(fields=["patient", "-id"], name="access_audit_patient"),
                            models.Index(fields=["account", "-id"], name="access_audit_account"),
                            django.contrib.postgres.indexes.GinIndex(
                                condition=models.Q(("patients__isnull", False)), fields=["patients"], name="access_audit_patients"
                            ),
                            django.contrib.postgres.indexes.BrinIndex(fields=["when"], name="access_audit_at"),
                        ],
                    },
                ),
            ],
        )
    ]
