"""What is sent to the room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from larrey.access.trail import Action
from larrey.apps.trace.models import Verdict
from larrey.apps.trace.queries.cases import KINDS
from larrey.apps.trace.queries.entries import Filters, network
from larrey.apps.trace.queries.what import ACTIONS
from larrey.kit.errors import Invalid


def _date() -> forms.DateField:
    return forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class OpenedFilters(forms.Form):
    """Which rows of a record's trace."""

    person = forms.CharField(label=_("Person"), required=False, max_length=100)
    since = _date()
    until = _date()

    def filters(self) -> Filters:
        """What is asked; what is not understood is not asked, and its field says so."""
        self.is_valid()
        sent: dict[str, Any] = getattr(self, "cleaned_data", {})
        known = {name: sent[name] for name in Filters.__dataclass_fields__ if sent.get(name)}
        return Filters(**known)


class SearchFilters(OpenedFilters):
    """Which rows of the whole trace."""

    patient = forms.CharField(label=_("Patient"), required=False, max_length=100)
    action = forms.ChoiceField(
        label=_("Action"), required=False, choices=[("", _("All")), *((str(code), ACTIONS[code]) for code in Action)]
    )
    address = forms.CharField(label=_("Address"), required=False, max_length=60)

    def clean_address(self) -> str:
        """An IP address or a network."""
        typed = str(self.cleaned_data["address"]).strip()
        try:
            return network(typed) if typed else ""
        except Invalid:
            raise forms.ValidationError(_("An address such as 10.12.0.7, or a network such as 10.12.0.0/16.")) from None


class DecisionForm(forms.Form):
    """A decision on a case."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS])
    account = forms.IntegerField(min_value=1, max_value=2**62)
    patient = forms.RegexField(r"\A[A-Za-z0-9.-]{1,64}\Z", required=False)
    subject = forms.RegexField(r"\A[0-9-]{1,20}\Z", required=False)
    verdict = forms.ChoiceField(choices=Verdict.choices, error_messages={"required": _("Choose a decision.")})
    text = forms.CharField(
        min_length=3,
        max_length=2000,
        error_messages={"required": _("Say why in a few words."), "min_length": _("Say why in a few words.")},
    )
