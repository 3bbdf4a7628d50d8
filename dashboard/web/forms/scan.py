"""What a press beside a scan says: begin one, stop it, have it go on; and on which page that was."""

from __future__ import annotations

from typing import Final

from django import forms

from .fields import OneOfField

PLACES: Final = ("overview", "purge")
"""The pages that show a scan, by the last part of their address."""


class PlaceForm(forms.Form):
    """Where a scan is watched, and which one the page knew to be running."""

    at = OneOfField(PLACES)
    watched = forms.UUIDField(required=False, error_messages={"invalid": "This names no scan."})

    @property
    def place(self) -> str:
        return self.cleaned_data["at"] or "overview"

    @property
    def reasons(self) -> list[str]:
        """Why it cannot be taken, without a field to stand beside: its fields are hidden ones."""
        return [str(reason) for reasons in self.errors.values() for reason in reasons]


class ScanForm(PlaceForm):
    act = OneOfField(("begin", "stop", "resume"))
