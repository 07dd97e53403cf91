"""The Jinja environment of every page: gettext, French formats, addresses of static files.

Templates live in ``<application>/templates/<application>/``. Autoescape is on: what comes out of the record is text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from django.apps import apps
from django.conf import settings
from django.contrib.messages import get_messages
from django.template.backends.jinja2 import Jinja2 as DjangoJinja2
from django.urls import reverse
from django.utils.translation import get_language, get_language_info, gettext, ngettext, npgettext, pgettext

from larrey.access import demo, pro_sante_connect, second_factor
from larrey.ui import formats

STATIC = Path(__file__).parent / "static"


class Jinja2(DjangoJinja2):
    """Django's Jinja2 backend, looking in the ``templates`` folders of the house's own applications only."""

    app_dirname = "templates"

    @cached_property
    def template_dirs(self) -> tuple[Path, ...]:  # type: ignore[override]  # a cached property in the stubs
        own = (Path(config.path) for config in apps.get_app_configs() if config.name.startswith("larrey."))
        return tuple(path / self.app_dirname for path in own if (path / self.app_dirname).is_dir())


@cache
def static(path: str) -> str:
    """The address of a static file, with a mark of its content so that browsers may keep it for long."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]
    return f"{settings.STATIC_URL}{path}?v={digest}"


def address(name: str, *, args: Sequence[Any] = (), query: Mapping[str, str] | None = None) -> str:
    """The address of the view called ``name``; ``query`` is its query string."""
    return reverse(name, args=args) + (f"?{urlencode(query)}" if query else "")


def environment(**options: Any) -> jinja2.Environment:
    """What ``django_settings.TEMPLATES`` names."""
    env = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        **{key: value for key, value in options.items() if key not in {"autoescape", "undefined"}},
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals.update(
        static=static,
        url=address,
        language=get_language,
        languages=[(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES],
        messages_of=get_messages,
        demo_accounts=demo.shown_accounts,
        psc_offered=pro_sante_connect.offered,
        psc_simulated=pro_sante_connect.simulated,
        second_factor_lacking=second_factor.lacking,
        idle_seconds=lambda: settings.LARREY_IDLE_MINUTES * 60,
    )
    env.filters.update(
        number=formats.number,
        day=formats.day,
        moment=formats.moment,
        fhir_date=formats.fhir_date,
        short_date=formats.short_date,
        ago=formats.ago,
    )
    return env
