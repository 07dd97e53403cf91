"""Decisions on accesses, and notices read."""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

APPEND_ONLY = """
create function trace_decision_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'decisions on accesses are append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger trace_decision_append_only before update or delete on trace_decision
    for each row execute function trace_decision_refuse();
create trigger trace_decision_no_truncate before truncate on trace_decision
    for each statement execute function trace_decision_refuse();
"""
UNDO = """
drop trigger trace_decision_no_truncate on trace_decision;
drop trigger trace_decision_append_only on trace_decision;
drop function trace_decision_refuse();
"""


class Migration(migrations.Migration):
    """The first tables."""

    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = [("access", "0007_glass")]
    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("kind", models.CharField(max_length=32)),
                ("patient_id", models.CharField(blank=True, max_length=64)),
                ("subject", models.CharField(blank=True, max_length=32)),
                (
                    "verdict",
                    models.CharField(
                        choices=[("justified", "Justified"), ("explain", "To be explained"), ("misuse", "Misuse")], max_length=16
                    ),
                ),
                ("text", models.TextField()),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "db_table": "trace_decision",
                "indexes": [models.Index(fields=["account", "kind", "patient_id", "subject", "-id"], name="trace_decision_case")],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("read", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "glass",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="access.brokenglass"),
                ),
            ],
            options={
                "db_table": "trace_notice",
                "constraints": [models.UniqueConstraint(fields=("account", "glass"), name="trace_notice_once")],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, UNDO),
    ]
