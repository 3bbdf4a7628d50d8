"""The search box, and how far a search through all connections is."""

from __future__ import annotations

from django import forms

from dashboard.lookups.references import SeveralIds, Target, parse_target

from .fields import CountField


class SearchForm(forms.Form):
    """What was pasted into the search box; `names_several` is set where that is more than one item."""

    q = forms.CharField(required=False, max_length=2000, strip=True)
    names_several = False

    def target(self) -> Target | None:
        """The item the text names, or None with the reason among the field's errors."""
        if not self.is_valid():
            return None
        try:
            return parse_target(self.cleaned_data["q"])
        except ValueError as reason:
            self.names_several = isinstance(reason, SeveralIds)
            self.add_error("q", str(reason))
            return None


class SearchStateForm(forms.Form):
    """How far the search through all connections is, as its own links say it."""

    asked = CountField()
    failed = CountField()
