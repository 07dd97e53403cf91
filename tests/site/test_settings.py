"""Settings: each mistake stops the start with a sentence that names it."""

from __future__ import annotations

import stat
from dataclasses import fields
from pathlib import Path

import pytest

from larrey.kit.errors import Misconfigured
from larrey.site.settings import Settings, load, secret_key, variable

PRODUCTION = {
    "LARREY_ENV": "production",
    "LARREY_DATABASE_URL": "postgresql://larrey@db/larrey",
    "LARREY_SECRET_KEY": "k" * 40,
    "LARREY_ALLOWED_HOSTS": "larrey.chu.example, .chu.example",
}


def test_nothing_set_is_a_development_installation() -> None:
    settings = load({"PATH": "/usr/bin"})
    assert settings == Settings()
    assert not settings.production
    assert settings.worker_count >= 2


def test_values_are_typed() -> None:
    settings = load({**PRODUCTION, "LARREY_PORT": "8443", "LARREY_LOG_REQUESTS": "1", "LARREY_DATA": "/srv/larrey"})
    assert (settings.port, settings.log_requests, settings.data) == (8443, True, Path("/srv/larrey"))
    assert settings.allowed_hosts == ("larrey.chu.example", ".chu.example")
    assert settings.production


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"LARREY_PROT": "8000"}, "LARREY_PROT is not a setting of Larrey"),
        ({"LARREY_PORT": "eight"}, "LARREY_PORT must be a whole number from 1 to 65535, not “eight”"),
        ({"LARREY_PORT": "0"}, "LARREY_PORT must be a whole number"),
        ({"LARREY_ENV": "prod"}, "LARREY_ENV must be one of development, production"),
        ({"LARREY_REFERENCES": "maybe"}, "LARREY_REFERENCES must be one of refuse, tolerate"),
        ({"LARREY_PUBLIC_URL": "chu.example"}, "LARREY_PUBLIC_URL must be an address such as"),
        ({"LARREY_DEMO": "yes"}, "LARREY_DEMO must be 0 or 1"),
        ({"LARREY_SECRET_KEY": "short"}, "LARREY_SECRET_KEY must be at least 32"),
        ({"LARREY_PAGE_SIZE": "900", "LARREY_MAX_PAGE_SIZE": "100"}, "LARREY_PAGE_SIZE must not pass LARREY_MAX_PAGE_SIZE"),
        ({**PRODUCTION, "LARREY_DEMO": "1"}, "LARREY_DEMO=1 .* refused when LARREY_ENV=production"),
        ({**PRODUCTION, "LARREY_DATABASE_URL": ""}, "LARREY_DATABASE_URL is required when LARREY_ENV=production"),
        ({**PRODUCTION, "LARREY_SECRET_KEY": ""}, "LARREY_SECRET_KEY is required"),
        ({**PRODUCTION, "LARREY_ALLOWED_HOSTS": ""}, "LARREY_ALLOWED_HOSTS is required"),
        ({"LARREY_PSC_ISSUER": "auth.example"}, "LARREY_PSC_ISSUER must be an address such as"),
        ({"LARREY_PSC_ISSUER": "https://auth.example/realm"}, "LARREY_PSC_CLIENT_ID is required .* LARREY_PSC_CLIENT_SECRET is"),
        (
            {
                **PRODUCTION,
                "LARREY_PSC_ISSUER": "http://auth.example",
                "LARREY_PSC_CLIENT_ID": "a",
                "LARREY_PSC_CLIENT_SECRET": "b",
            },
            "LARREY_PSC_ISSUER must be an https address when LARREY_ENV=production",
        ),
        ({"LARREY_SECOND_FACTOR": "never"}, "LARREY_SECOND_FACTOR must be one of optional, professionals"),
    ],
)
def test_a_mistake_is_named(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        load(environment)


def test_a_second_factor_is_asked_in_production_unless_said_otherwise() -> None:
    assert not load({}).second_factor_required
    assert load({"LARREY_SECOND_FACTOR": "professionals"}).second_factor_required
    assert load(PRODUCTION).second_factor_required
    assert not load({**PRODUCTION, "LARREY_SECOND_FACTOR": "optional"}).second_factor_required


def test_only_a_demo_stands_in_for_pro_sante_connect_and_not_beside_the_real_one() -> None:
    real = {"LARREY_PSC_ISSUER": "https://auth.example/realm/", "LARREY_PSC_CLIENT_ID": "a", "LARREY_PSC_CLIENT_SECRET": "b"}
    assert load({"LARREY_DEMO": "1"}).psc_simulated
    assert not load({}).psc_simulated
    assert not load({"LARREY_DEMO": "1", **real}).psc_simulated
    assert load(real).psc_issuer == "https://auth.example/realm"
    assert load({"LARREY_HOST": "0.0.0.0", "LARREY_PORT": "81"}).own_address == "http://127.0.0.1:81"
    assert load({"LARREY_HOST": "::1"}).own_address == "http://[::1]:8000"


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(Misconfigured) as caught:
        load({"LARREY_PORT": "x", "LARREY_WORKERS": "y", "LARREY_NONE": "z"})
    assert len(caught.value.issues) == 3


def test_a_secret_is_never_shown() -> None:
    with pytest.raises(Misconfigured) as caught:
        load({"LARREY_DATABASE_URL": "mysql://root:hunter2@db/larrey"})
    assert "hunter2" not in caught.value.message


def test_every_setting_is_documented() -> None:
    for each in fields(Settings):
        documented = each.metadata["documented"]
        assert documented.text
        assert documented.kind.says
        assert load({variable(each.name): ""}) == Settings()


def test_a_key_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    settings = load({"LARREY_DATA": str(tmp_path / "data")})
    first = secret_key(settings)
    assert len(first) >= 48
    assert secret_key(settings) == first
    kept = tmp_path / "data" / "secret.key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret.key"]


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("")
    with pytest.raises(Misconfigured, match=r"secret\.key is damaged"):
        secret_key(load({"LARREY_DATA": str(tmp_path)}))
