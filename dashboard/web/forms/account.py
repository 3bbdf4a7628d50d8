"""Forms of the demo's sign-in and of a browser's preferences."""

from typing import Final

from django import forms

from dashboard.identity import Role
from dashboard.settings import MEDIA_MODES

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
