"""Forms of an export: the list's filters with a format, from an address or a form."""

import uuid
from typing import Any

from django import forms

from dashboard.spreadsheets import FORMATS

from .fields import OneOfField
from .media import MediaFilterForm


class MediaExportForm(MediaFilterForm):
    """The filters of the list, and the format in which all that fits them is taken away."""

    OWN = (*MediaFilterForm.OWN, "csrfmiddlewaretoken")

    format = OneOfField(tuple(FORMATS), missing="Choose CSV or JSON Lines.")
    token = forms.CharField(required=False)

    def clean_token(self) -> uuid.UUID:
        """Return the form's one-time token; a post with none of ours is a press of its own."""
        try:
            return uuid.UUID(self.cleaned_data["token"])
        except ValueError:
            return uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.unknown_names:  # a misspelt filter would widen what is taken away
            names = ", ".join(f"“{name}”" for name in self.unknown_names)
            self.add_error(None, f"Not a filter: {names}.")
        return cleaned
