"""Forms of a selection and of a job: what changes, the press that removes it, which items are listed."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import QueryDict

from dashboard.identity import Person
from dashboard.jobs.lifecycle import JobExists
from dashboard.models import Connection
from dashboard.removals.bulk import COUNTED_STATES, MAX_ITEMS, MAX_ITEMS_UNTYPED
from dashboard.selection import MAX_SIZE_BYTES, Entry
from dashboard.vault import MalformedMediaId, check_media_id
from dashboard.web.presenters.selection import ReviewedItems, fingerprint_ids

from .fields import OneOfField, TicketField
from .removal import RemovalForm

REVIEW_LIFETIME_SECONDS: Final = 60 * 60
"""Seconds for which a review is believed once it was shown; the worker reads every item again."""

NOT_SHOWN: Final = (
    "You have not seen in the last hour what this would delete. It is shown now: look, then press again."
)
CHANGED: Final = "Your selection has changed since you saw it. It is shown now: look, then press again."

_PARTING: Final = re.compile("[ ,.\u00a0\u202f']")
_IN_THOUSANDS: Final = re.compile(rf"[0-9]{{1,3}}(?:{_PARTING.pattern}[0-9]{{3}})+")

_MAX_VARIANTS: Final = 10_000


class SelectionChangeForm(forms.Form):
    """Boxes: `item` for each that is ticked, with what the list shows of it; `out` for ids that are to leave
    the tray; `was`, without script, for those that were ticked when the page was made; `clear` for all."""

    ticket = TicketField()
    clear = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        data = self.data if isinstance(self.data, QueryDict) else QueryDict()
        entries = [_parse_entry(text) for text in data.getlist("item")]
        ticked = {media_id for media_id, _, _ in entries}
        before = [media_id for text in data.getlist("was") for media_id in text.split()]
        out = [check_id(text) for text in [*data.getlist("out"), *before] if text not in ticked]
        if max(len(entries), len(out)) > MAX_ITEMS:
            raise ValidationError("These are too many at once.")
        return {**cleaned, "items": entries, "out": out}


def _parse_entry(text: str) -> Entry:
    """Return `ID VARIANTS BYTES` as a box carries it, parsed; the numbers are only for sums."""
    media_id, _, numbers = text.partition(" ")
    variants, _, size_bytes = numbers.partition(" ")
    return (
        check_id(media_id),
        _parse_number(variants, _MAX_VARIANTS),
        _parse_number(size_bytes, MAX_SIZE_BYTES),
    )


def check_id(text: str) -> str:
    """Return the text if it is an ID. Raises ValidationError."""
    try:
        return check_media_id(text)
    except MalformedMediaId as reason:
        raise ValidationError(f"“{text[:40]}” is not an item's ID. {reason.detail}") from None


def _parse_number(text: str, most: int) -> int:
    if not (text == "" or (text.isascii() and text.isdigit() and len(text) < 20)):
        raise ValidationError(f"“{text[:40]}” is not a number.")
    return min(int(text or 0), most)


class ReviewForm(RemovalForm):
    """The removal of everything selected: what was shown comes back signed, and of many items their number
    is typed by hand. `ids` are those that are selected now."""

    typed = forms.CharField(label="Number of items", required=False, max_length=20)
    seen = forms.CharField(required=False)

    def __init__(
        self, *args: Any, connection: Connection, person: Person, ids: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, target=f"the tray of {connection.pk}", **kwargs)
        self.connection, self.ids = connection, ids
        self.salt = f"tray of {[connection.pk, person.issuer, person.subject]}"
        self.is_stale = False

    def clean_token(self) -> UUID:
        """Return the token as for every removal. Raises JobExists if its job has begun already."""
        token = super().clean_token()
        if there := self.connection.jobs.filter(token=token).first():
            raise JobExists(there)
        return token

    def sign(self, seen: ReviewedItems) -> str:
        """Return the shown items, signed for a hidden field: they are good for whom they are shown to."""
        return signing.dumps(asdict(seen), salt=self.salt, compress=True)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            payload = signing.loads(cleaned.get("seen", ""), salt=self.salt, max_age=REVIEW_LIFETIME_SECONDS)
        except signing.BadSignature:
            self.add_error("seen", NOT_SHOWN)
            return cleaned
        seen = ReviewedItems(**payload)
        if seen.mark != fingerprint_ids(self.ids):
            self.is_stale = True
            self.add_error("seen", CHANGED)
            return cleaned
        leaves = seen.list_leaving(self.ids)
        if not leaves:
            self.add_error("seen", "None of this is left to delete.")
        elif len(leaves) > MAX_ITEMS_UNTYPED and remove_thousands_separators(cleaned.get("typed", "")) != str(
            len(leaves)
        ):
            message = f"This is not the number of items, {len(leaves):,}. Nothing was deleted."
            self.add_error("typed", message)
        return {**cleaned, "leaves": leaves, "gone": list(seen.gone)}

    @property
    def status(self) -> int:
        """Return the HTTP status for the form: 409 if it is stale, 422 if it is refused."""
        return 409 if self.is_stale else 422 if self.errors else 200


class OutcomeForm(forms.Form):
    """The items of a bulk removal to list: those of one outcome, or all; and which hundred of them."""

    outcome = OneOfField(tuple(COUNTED_STATES))
    page = forms.IntegerField(required=False, min_value=1, max_value=MAX_ITEMS)

    def clean_outcome(self) -> str:
        return self.cleaned_data["outcome"] or ""

    def clean_page(self) -> int:
        return self.cleaned_data["page"] or 1


def remove_thousands_separators(text: str) -> str:
    """Return a number without the separators between its thousands; else the text as it is."""
    text = text.strip()
    return _PARTING.sub("", text) if _IN_THOUSANDS.fullmatch(text) else text
