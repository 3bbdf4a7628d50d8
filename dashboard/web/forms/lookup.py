"""Forms of a look-up: pasted text or a file, the connections, a ticket."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, Self

from django import forms
from django.utils.datastructures import MultiValueDict

from dashboard.logs import mask_ids
from dashboard.lookups.parsing import MAX_MALFORMED_LISTED, PastedIds, decode_file, parse_ids
from dashboard.lookups.store import MAX_IDS_PER_LOOKUP, MAX_PAIRS_PER_LOOKUP
from dashboard.models import Connection
from dashboard.request import Request
from dashboard.service import get_connection
from dashboard.web import preferences
from dashboard.web.ticket_links import read_ticket

from .fields import TicketField

MAX_REASONS_NAMED: Final = 5
"""Malformed texts that the form names; a result lists them all."""


class RawTextField(forms.Field):
    """Text just as it was sent, whatever it is."""

    def to_python(self, value: Any) -> str:
        return str(value or "")


class PastedForm(forms.Form):
    """Ids as text or as a file; only what is in them is looked at."""

    ids = RawTextField(label="IDs", required=False)
    file = forms.FileField(label="File", required=False, allow_empty_file=True)

    @property
    def raw_text(self) -> str:
        """Return the text of the box, as it was sent or as a link filled it in."""
        return str((self.data if self.is_bound else self.initial).get("ids") or "")

    @cached_property
    def text(self) -> str:
        """Return the pasted text, or else that of the file. Raises ValueError with a sentence."""
        typed, file = self.raw_text, self.files.get("file")
        if file is None:
            return typed
        if typed.strip():
            raise ValueError("Paste IDs or choose a file, not both; then choose the file again.")
        file.seek(0)
        return decode_file(file.read())

    @cached_property
    def pasted(self) -> PastedIds:
        """Return the ids in the text. Raises ValueError as `text` does."""
        return parse_ids(self.text)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            found = len(self.pasted.ids)
        except ValueError as reason:
            self.add_error("ids", str(reason))
            return cleaned
        if found > MAX_IDS_PER_LOOKUP:
            self.add_error(
                "ids", f"These are {found:,} different IDs. Look up at most {MAX_IDS_PER_LOOKUP:,} at once."
            )
        return cleaned

    @property
    def countable(self) -> bool:
        """Return False if the text itself could not be had."""
        try:
            return bool(self.pasted)
        except ValueError:
            return False

    @property
    def visible_text(self) -> str:
        """Return the text of the box, be it that of the file, but for what must not be shown anywhere."""
        try:
            text = self.text
        except ValueError:
            text = self.raw_text
        visible: str = mask_ids(text)
        return visible


class LookupForm(PastedForm):
    """The ids, and the connections in which they are looked for."""

    connection = RawTextField(label="Connections", required=False)
    everywhere = forms.BooleanField(required=False)
    ticket = TicketField()

    def __init__(self, *args: Any, among: Sequence[Connection], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.among = among

    @classmethod
    def from_request(cls, request: Request) -> Self:
        """Return the form as it was posted; else as the address, or the connection chosen last, has it."""
        if request.method == "POST":
            return cls(request.POST, request.FILES, among=request.connections)
        named = [get_connection(slug, request.connections) for slug in request.GET.getlist("connection")]
        slugs = [one.slug for one in named] or [preferences.read(request).chosen]
        if len(request.connections) == 1:
            slugs = [request.connections[0].slug]
        return cls(
            among=request.connections,
            initial={
                "ids": request.GET.get("ids", ""),
                "connection": slugs,
                "ticket": read_ticket(request.GET),
            },
        )

    @property
    def ticked(self) -> set[str]:
        """Return the slugs whose boxes are ticked."""
        ticked = self.data.getlist("connection") if isinstance(self.data, MultiValueDict) else []
        return set(ticked if self.is_bound else self.initial["connection"])

    @property
    def chosen(self) -> list[Connection]:
        """Return the connections to ask; only of a valid form."""
        if self.cleaned_data.get("everywhere"):
            return list(self.among)
        return [one for one in self.among if one.slug in self.ticked]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.ticked <= {one.slug for one in self.among}:
            self.add_error("connection", "There is no connection of this name that you may see.")
        elif not self.chosen:
            self.add_error("connection", "Choose at least one connection.")
        if "ids" in self.errors:
            return cleaned
        found = len(self.pasted.ids)
        if not found:
            wrong = self.pasted.malformed_count
            self.add_error("ids", "None of this is a media ID." if wrong else "Paste at least one media ID.")
        elif len(self.pasted.malformed) >= MAX_MALFORMED_LISTED:
            self.add_error(
                "ids",
                f"{self.pasted.malformed_count:,} texts in this are not IDs. Is it the right text? Keep only "
                "the IDs, or name the column that holds them media_id.",
            )
        elif found * len(self.chosen) > MAX_PAIRS_PER_LOOKUP:
            self.add_error(
                "connection",
                f"{found:,} IDs in {len(self.chosen)} connections are too many at once: choose at most "
                f"{MAX_PAIRS_PER_LOOKUP // found}.",
            )
        return cleaned

    @property
    def named(self) -> list[tuple[str, str]]:
        """Return some of the texts that are no ids, each with its reason, for a form that is refused."""
        if not self.is_bound or not self.errors.get("ids"):
            return []
        try:
            return [(one.text, one.reason) for one in self.pasted.malformed[:MAX_REASONS_NAMED]]
        except ValueError:
            return []
