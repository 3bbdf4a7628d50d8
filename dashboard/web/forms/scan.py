"""Forms of the presses beside a scan: begin one, stop it, resume it; and on which page that was."""

from typing import Final

from django import forms

from .fields import OneOfField

PLACES: Final = ("overview", "purge")
"""The pages that show a scan, by the last part of their address."""


class PlaceForm(forms.Form):
    """The page on which a scan is watched, and the scan that it knew to be running."""

    at = OneOfField(PLACES)
    watched = forms.UUIDField(required=False, error_messages={"invalid": "There is no such scan."})

    @property
    def place(self) -> str:
        """Return the page's name."""
        return self.cleaned_data["at"] or "overview"

    @property
    def reasons(self) -> list[str]:
        """Return the reasons to refuse it, without a field to stand beside: its fields are hidden ones."""
        return [str(reason) for reasons in self.errors.values() for reason in reasons]


class ScanForm(PlaceForm):
    """A press beside a scan."""

    act = OneOfField(("begin", "stop", "resume"))
