"""What the models cannot say: the trace is append-only, and the table in which sign-in attempts are counted."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

APPEND_ONLY = """
create function access_audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the trace of openings is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger access_audit_append_only before update or delete on access_audit
    for each row execute function access_audit_refuse();
create trigger access_audit_no_truncate before truncate on access_audit
    for each statement execute function access_audit_refuse();
"""
# The shape that django.core.cache.backends.db expects (manage.py createcachetable). Unlogged: counts of attempts
# need not survive a crash.
CACHE = """
create unlogged table if not exists cache (
    cache_key varchar(255) not null primary key,
    value text not null,
    expires timestamptz not null
);
create index if not exists cache_expires on cache (expires);
"""


class Migration(migrations.Migration):
    """Triggers on ``access_audit``; the table ``cache``."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("access", "0001_initial")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(
            APPEND_ONLY,
            "drop trigger access_audit_no_truncate on access_audit;"
            "drop trigger access_audit_append_only on access_audit; drop function access_audit_refuse();",
        ),
        migrations.RunSQL(CACHE, "drop table cache;"),
    ]
