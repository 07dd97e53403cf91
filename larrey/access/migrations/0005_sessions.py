"""Sessions with whose they are, since when, from where, and whether they are locked."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table of sessions."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("access", "0004_trail")]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("handle", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("started", models.DateTimeField(null=True)),
                ("seen", models.DateTimeField(null=True)),
                ("locked", models.DateTimeField(null=True)),
                ("address", models.GenericIPAddressField(null=True)),
                ("agent", models.CharField(blank=True, default="", max_length=300)),
                ("means", models.CharField(blank=True, default="", max_length=16)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "access_session",
                "indexes": [models.Index(fields=["account", "-seen"], name="access_session_account")],
            },
        ),
    ]
