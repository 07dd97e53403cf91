"""What is sent to the room."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from larrey.access.glass import LONGEST, SHORTEST, Reason


class GlassForm(forms.Form):
    """Why a record is opened that is not of one's units; ``larrey.access.glass`` checks it again."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=Reason.choices, widget=forms.RadioSelect, error_messages={"required": _("Choose a reason.")}
    )
    text = forms.CharField(
        label=_("In your own words"),
        min_length=SHORTEST,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("Say why in a few words: at least 10 characters."),
            "min_length": _("Say why in a few words: at least 10 characters."),
            "max_length": _("This is too long: 1,000 characters at most."),
        },
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput, max_length=2000)
    found = forms.CharField(required=False, widget=forms.HiddenInput, max_length=500)
