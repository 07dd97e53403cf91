"""Programs, consents, codes, refresh tokens, signing keys."""

from typing import Any, ClassVar

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The tables of the room."""

    initial = True

    dependencies: ClassVar[list[Any]] = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Assertion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("expires", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "oauth_assertion",
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kid", models.CharField(max_length=64, unique=True)),
                ("sealed", models.TextField()),
                ("created", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "oauth_signing_key",
            },
        ),
        migrations.CreateModel(
            name="Client",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_id", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(max_length=100, unique=True)),
                ("kind", models.CharField(max_length=16)),
                ("redirect_uris", models.JSONField(default=list)),
                ("launch_uri", models.CharField(blank=True, max_length=500)),
                ("jwks", models.JSONField(null=True)),
                ("jwks_uri", models.CharField(blank=True, max_length=500)),
                ("scope", models.TextField()),
                ("introspects", models.BooleanField(default=False)),
                ("created", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("disabled", models.DateTimeField(null=True)),
                (
                    "registered_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "oauth_client",
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.TextField()),
                ("patient", models.CharField(blank=True, max_length=64)),
                ("created", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("revoked", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "client",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="consents", to="oauth.client"),
                ),
            ],
            options={
                "db_table": "oauth_consent",
            },
        ),
        migrations.CreateModel(
            name="Launch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("patient", models.CharField(max_length=64)),
                ("expires", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "db_table": "oauth_launch",
            },
        ),
        migrations.CreateModel(
            name="Refresh",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires", models.DateTimeField(db_index=True)),
                ("used", models.DateTimeField(null=True)),
                ("consent", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="oauth.consent")),
            ],
            options={
                "db_table": "oauth_refresh",
            },
        ),
        migrations.CreateModel(
            name="Code",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("redirect_uri", models.CharField(max_length=500)),
                ("code_challenge", models.CharField(max_length=128)),
                ("nonce", models.CharField(blank=True, max_length=255)),
                ("signed_in", models.DateTimeField(null=True)),
                ("expires", models.DateTimeField()),
                ("used", models.DateTimeField(null=True)),
                ("consent", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="oauth.consent")),
            ],
            options={
                "db_table": "oauth_code",
                "indexes": [
                    models.Index(condition=models.Q(("nonce", ""), _negated=True), fields=["nonce"], name="oauth_code_nonce")
                ],
            },
        ),
    ]
