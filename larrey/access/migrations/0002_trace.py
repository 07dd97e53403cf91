"""What the models cannot say: the trace of openings is append-only."""

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
UNDO = """
drop trigger access_audit_no_truncate on access_audit;
drop trigger access_audit_append_only on access_audit;
drop function access_audit_refuse();
"""


class Migration(migrations.Migration):
    """Triggers on ``access_audit``."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("access", "0001_initial")]
    operations: ClassVar[list[migrations.RunSQL]] = [migrations.RunSQL(APPEND_ONLY, UNDO)]
