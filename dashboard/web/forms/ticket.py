"""Forms of the search box, and of the progress of a search through all connections."""

from django import forms

from dashboard.lookups.references import SeveralIds, Target, parse_target

from .fields import CountField


class SearchForm(forms.Form):
    """The text in the search box; `names_several` is set if that is more than one item."""

    q = forms.CharField(required=False, max_length=2000, strip=True)
    names_several = False

    def find_target(self) -> Target | None:
        """Return the item the text names, or None with the reason among the field's errors."""
        if not self.is_valid():
            return None
        try:
            return parse_target(self.cleaned_data["q"])
        except ValueError as reason:
            self.names_several = isinstance(reason, SeveralIds)
            self.add_error("q", str(reason))
            return None


class SearchStateForm(forms.Form):
    """The progress of the search through all connections, as its own links say it."""

    asked = CountField()
    failed = CountField()
