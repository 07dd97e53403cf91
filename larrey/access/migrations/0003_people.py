"""Accounts are people of the record (Practitioner, RPPS, own Patient); delegations; tokens that act as a person."""

from typing import Any, ClassVar

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

ROLES = [
    ("doctor", "Doctor"),
    ("nurse", "Nurse"),
    ("midwife", "Midwife"),
    ("pharmacist", "Pharmacist"),
    ("admission-desk", "Admission desk"),
    ("identity-officer", "Identity officer"),
    ("medical-secretary", "Medical secretary"),
    ("coder", "Coder (medical information department)"),
    ("researcher", "Researcher"),
    ("support-agent", "Support agent"),
    ("administrator", "Administrator"),
    ("security-officer", "Security officer"),
    ("patient", "Patient"),
]


class Migration(migrations.Migration):
    """People and roles."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("access", "0002_trace")]

    operations: ClassVar[list[Any]] = [
        migrations.AlterField("account", "role", models.CharField(choices=ROLES, max_length=32, verbose_name="role")),
        migrations.AddField(
            "account",
            "practitioner",
            models.CharField(blank=True, max_length=64, verbose_name="professional of the record", default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "account",
            "rpps",
            models.CharField(blank=True, max_length=11, verbose_name="RPPS number", default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "account",
            "patient",
            models.CharField(blank=True, max_length=64, verbose_name="own patient record", default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "account", "representative", models.BooleanField(default=False, verbose_name="stands for the patient")
        ),
        migrations.AddConstraint(
            "account",
            models.UniqueConstraint(
                condition=models.Q(("practitioner", ""), _negated=True),
                fields=("practitioner",),
                name="access_account_practitioner",
            ),
        ),
        migrations.AddConstraint(
            "account",
            models.UniqueConstraint(
                condition=models.Q(("rpps", ""), _negated=True), fields=("rpps",), name="access_account_rpps"
            ),
        ),
        migrations.CreateModel(
            name="Delegation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organization", models.CharField(max_length=64)),
                ("starts", models.DateTimeField()),
                ("ends", models.DateTimeField()),
                ("reason", models.CharField(max_length=200)),
                ("granted_by", models.CharField(max_length=100)),
                ("granted", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("revoked", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="delegations", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "access_delegation",
                "indexes": [models.Index(fields=["account", "ends"], name="access_delegation_account")],
            },
        ),
        migrations.AddField(
            "accesstoken",
            "account",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
    ]
