"""Broken glasses: what was said when someone opened the record of a patient who was not hers."""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEPT = """
create function access_glass_refuse() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.ended is null and new.ended is not null
        and to_jsonb(new) - 'ended' = to_jsonb(old) - 'ended' then
        return new;
    end if;
    raise exception 'what is told of a broken glass is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger access_glass_append_only before update or delete on access_glass
    for each row execute function access_glass_refuse();
create trigger access_glass_no_truncate before truncate on access_glass
    for each statement execute function access_glass_refuse();
"""
UNDO = """
drop trigger access_glass_no_truncate on access_glass;
drop trigger access_glass_append_only on access_glass;
drop function access_glass_refuse();
"""


class Migration(migrations.Migration):
    """``access_glass``."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("access", "0006_issued")]
    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="BrokenGlass",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("patient", models.UUIDField()),
                ("patient_id", models.TextField()),
                ("role", models.TextField()),
                ("place", models.TextField()),
                ("reason", models.TextField(verbose_name="reason")),
                ("text", models.TextField()),
                ("until", models.DateTimeField()),
                ("ended", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "db_table": "access_glass",
                "indexes": [
                    models.Index(fields=["patient", "-id"], name="access_glass_patient"),
                    models.Index(fields=["account", "patient", "-id"], name="access_glass_account"),
                ],
            },
        ),
        migrations.RunSQL(KEPT, UNDO),
    ]
