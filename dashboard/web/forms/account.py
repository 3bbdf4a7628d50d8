"""Forms of the demo's sign-in and of a browser's preferences."""

from typing import Final

from django import forms
from django.core.exceptions import ValidationError

from dashboard.identity import Role
from dashboard.settings import MEDIA_MODES
from dashboard.web.preferences import list_media_modes

from .fields import OneOfField

LAYOUTS: Final = ("table", "grid")
THEMES: Final = ("system", "light", "dark")


class SignInForm(forms.Form):
    """The role to sign in to the demo with."""

    role = forms.ChoiceField(
        choices=[(role.word, role.word) for role in Role],
        error_messages={
            "required": "Choose one of the three people.",
            "invalid_choice": "“%(value)s” is none of: viewer, operator, admin.",
        },
    )


class PreferencesForm(forms.Form):
    """Preferences of this browser; only what is given is changed."""

    media = OneOfField(MEDIA_MODES)  # type: ignore[assignment]  # a field is no attribute of the form
    layout = OneOfField(LAYOUTS)
    theme = OneOfField(THEMES)
    keys = OneOfField(("on", "off"))

    def clean_media(self) -> str | None:
        """Refuse a mode that shows more than the organisation's, where that is a ceiling."""
        mode: str | None = self.cleaned_data["media"]
        if mode and mode not in list_media_modes():
            raise ValidationError("Your organisation shows no more than that.")
        return mode
