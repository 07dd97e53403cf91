"""Django's settings, drawn from ours (larrey.site.settings). Nothing here is read from the environment twice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from larrey.site import postgres
from larrey.site.psc import CLIENT_ID, PATH, client_secret
from larrey.site.settings import load, secret_key

LARREY = load(os.environ)
LARREY_DEMO = LARREY.demo
LARREY_IDLE_MINUTES = LARREY.idle_minutes
LARREY_SECOND_FACTOR = LARREY.second_factor_required
_HTTPS = LARREY.public_url.startswith("https://")

SECRET_KEY = secret_key(LARREY)
PRO_SANTE_CONNECT = {  # the OpenID Connect service of larrey.access.pro_sante_connect; without an issuer it is not offered
    "issuer": LARREY.own_address + PATH if LARREY.psc_simulated else LARREY.psc_issuer,
    "client_id": CLIENT_ID if LARREY.psc_simulated else LARREY.psc_client_id,
    "client_secret": client_secret(SECRET_KEY) if LARREY.psc_simulated else LARREY.psc_client_secret,
    "simulated": LARREY.psc_simulated,
    "own": LARREY.public_url,
}
DEBUG = False
ALLOWED_HOSTS = list(LARREY.allowed_hosts)
if LARREY.public_url:
    ALLOWED_HOSTS.append(urlsplit(LARREY.public_url).hostname or "")
    CSRF_TRUSTED_ORIGINS = [LARREY.public_url]

ROOT_URLCONF = "larrey.site.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "larrey.access",
    "larrey.ui",
    *(
        f"larrey.apps.{room.name}"
        for room in sorted((Path(__file__).parents[1] / "apps").iterdir())
        if (room / "apps.py").is_file()
    ),
    "allauth",  # after ours, whose templates come first
    "allauth.account",
    "allauth.mfa",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "larrey.ui.middleware.content_security",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "larrey.ui.middleware.language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "larrey.access.lock.locked_workstations",
    "larrey.access.second_factor.required",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "larrey.ui.middleware.ErrorPages",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "larrey.ui.jinja.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {
            "environment": "larrey.ui.jinja.environment",
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",  # the messages of django-allauth
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
]


def database(url: str) -> dict[str, Any]:
    """Django's description of the database at ``url``. One connection per thread, kept and checked before use."""
    parts: dict[str, Any] = {**conninfo_to_dict(url), "application_name": "larrey"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # Only statements that ask for it are prepared (Django's default is none at all): the chart's, which recur.
        "OPTIONS": {"connect_timeout": 5, "prepare_threshold": 1_000_000, **parts},
    }


DATABASES = {"default": database(LARREY.database_url or postgres.attach(LARREY.data) or "postgresql://larrey@/larrey")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {  # shared by every process, so that limits on sign-in count once; too large for anyone to push a limit out of it
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}

AUTH_USER_MODEL = "access.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "larrey.access.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up; this tells allauth that no e-mail is needed
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False  # closing the browser signs out: hospital computers are shared
ACCOUNT_RATE_LIMITS = {  # a hospital may stand behind one address: what counts there are failures, and only many
    "login": "300/m/ip",
    "login_failed": "100/15m/ip,5/15m/key",
    "reauthenticate": "20/15m/user",
}
MFA_RATE_LIMITS = {"webauthn_login": "300/m/ip"}
MFA_ADAPTER = "larrey.access.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate_webauthn": "larrey.access.factors.SecondPasskeyForm",
    "login_webauthn": "larrey.access.factors.LonePasskeyForm",
    "reauthenticate_webauthn": "larrey.access.factors.KnownPasskeyForm",
    "add_webauthn": "larrey.access.factors.NewPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"
MFA_TOTP_ISSUER = "Larrey"

SESSION_ENGINE = "larrey.access.sessions"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "larrey_session"
SESSION_COOKIE_AGE = LARREY.session_hours * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
CSRF_FAILURE_VIEW = "larrey.ui.errors.stale_form"
if _HTTPS:
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

LANGUAGE_CODE = LARREY.language
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "larrey_language"
USE_I18N = USE_TZ = True
TIME_ZONE = "Europe/Paris"
STATIC_URL = "/static/"

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 << 20
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # no mail is sent

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LARREY.log_level.upper()},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},  # a 404 is not news
    },
}
