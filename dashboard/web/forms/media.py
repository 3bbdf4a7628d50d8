"""The media list's filters, what an export of it adds to them, and what is revealed."""

import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final

from django import forms
from django.http import QueryDict

from dashboard.spreadsheets import FORMATS
from dashboard.vault import DEFAULT_ITEMS_PER_PAGE, MAX_ITEMS_PER_PAGE, SORTS, STATUSES, TYPES, MediaQuery
from dashboard.vault.query import API_PARAMETERS
from dashboard.web.presenters.media_list import MAX_CURSOR_LENGTH

from .fields import LimitField, MomentField, OneOfField, SecondsField
from .filters import FilterForm

MAX_LISTED_LENGTH: Final = MAX_ITEMS_PER_PAGE * 129
"""Characters of the ids that a list shows, with a space between each two."""


class MediaFilterForm(FilterForm):
    """The twelve query parameters of the API, under the API's names."""

    RANGES = (
        ("durationMin", "durationMax"),
        ("createdAtFrom", "createdAtTo"),
        ("cachedAtFrom", "cachedAtTo"),
    )
    OWN: ClassVar[tuple[str, ...]] = ("trail", "ticket")

    status = OneOfField(STATUSES, label="Status")
    type = OneOfField(TYPES, label="Type")
    contentType = forms.CharField(label="MIME type", required=False, max_length=200)
    durationMin = SecondsField(label="Length from")
    durationMax = SecondsField(label="Length to")
    createdAtFrom = MomentField(label="First seen from")
    createdAtTo = MomentField(label="First seen to", day_ends=True)
    cachedAtFrom = MomentField(label="Stored from")
    cachedAtTo = MomentField(label="Stored to", day_ends=True)
    sort = OneOfField(SORTS, label="Sort")
    limit = LimitField(MAX_ITEMS_PER_PAGE)
    cursor = forms.CharField(
        label="Place in the list", required=False, max_length=MAX_CURSOR_LENGTH, strip=False
    )

    def to_query(self) -> MediaQuery:
        """Return the query of a valid form."""
        values: Mapping[str, Any] = self.cleaned_data
        asked = {ours: values[theirs] for ours, theirs in API_PARAMETERS.items()}
        asked["limit"] = asked["limit"] or DEFAULT_ITEMS_PER_PAGE
        asked = {name: None if value == "" else value for name, value in asked.items()}
        return MediaQuery(**asked)


@lru_cache(maxsize=256)
def read_filters(query_string: str) -> MediaFilterForm:
    """Return the form of an address's query, checked. It is kept: most pages ask for the same few lists."""
    form = MediaFilterForm(QueryDict(query_string))
    form.full_clean()
    return form


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


class RevealForm(forms.Form):
    """What a page showed, as it signed that: `show` to see it, `link` for its link alone."""

    show = forms.CharField(required=False, max_length=200)
    link = forms.CharField(required=False, max_length=200)
    listed = forms.CharField(required=False, max_length=MAX_LISTED_LENGTH)

    def clean(self) -> dict[str, Any]:
        """Refuse a form that brings nothing signed."""
        cleaned = super().clean() or {}
        if not (cleaned.get("show") or cleaned.get("link")):
            raise forms.ValidationError("Nothing was shown.")
        return cleaned

    def clean_listed(self) -> list[str]:
        """Return the ids of the list that showed it."""
        return str(self.cleaned_data["listed"]).split()
