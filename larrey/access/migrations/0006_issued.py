"""Access tokens given by the OAuth 2 server."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table of short-lived tokens."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("access", "0005_sessions")]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="IssuedToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("client", models.CharField(db_index=True, max_length=100)),
                ("consent", models.BigIntegerField(db_index=True, null=True)),
                ("scope", models.TextField()),
                ("patient", models.CharField(blank=True, max_length=64)),
                ("created", models.DateTimeField()),
                ("expires", models.DateTimeField(db_index=True)),
                ("revoked", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"db_table": "access_issued"},
        )
    ]
