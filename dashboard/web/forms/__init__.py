"""Text from people to typed values. What cannot be read is refused beside its field, never dropped."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, ClassVar, Final
from unicodedata import normalize

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError

from dashboard.identity import Role
from dashboard.lookups.references import SeveralIds, Target, target_of
from dashboard.models import Connection
from dashboard.settings import MEDIA_MODES
from dashboard.vault import DEFAULT_LIMIT, MAX_LIMIT, SORTS, STATUSES, TYPES, MediaQuery
from dashboard.vault.query import PARAMETERS
from dashboard.web.presenters.media_list import LONGEST_CURSOR
from dashboard.web.ticket_links import ticket_of

from .fields import LinesField, SecondsField
from .token import keep_token, read_token

LAYOUTS: Final = ("table", "grid")
THEMES: Final = ("system", "light", "dark")
IMPACT_HOLDS: Final = 15 * 60
"""Seconds for which what a purge would take is believed once it was shown."""


class OneOfField(forms.ChoiceField):
    """One of the API's own words, or nothing."""

    def __init__(self, words: tuple[str, ...], **kwargs: Any) -> None:
        message = f"“%(value)s” is none of: {', '.join(words)}."
        super().__init__(
            choices=[("", ""), *((word, word) for word in words)],
            required=False,
            error_messages={"invalid_choice": message},
            **kwargs,
        )

    def clean(self, value: Any) -> str | None:
        return super().clean(value) or None


class CountField(forms.IntegerField):
    """A number of things, 0 where none is given."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, min_value=0, max_value=10_000, **kwargs)

    def clean(self, value: Any) -> int:
        return super().clean(value) or 0


class TicketField(forms.CharField):
    """A ticket in one line, without characters that cannot be seen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="Ticket", required=False, **kwargs)

    def clean(self, value: Any) -> str:
        try:
            return ticket_of(super().clean(value))
        except ValueError as reason:
            raise ValidationError(str(reason)) from None


class MomentField(forms.Field):
    """An ISO 8601 moment as an aware datetime. Without a zone it is UTC; a bare date is that whole day."""

    def __init__(self, *, day_ends: bool = False, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.day_ends = day_ends

    def to_python(self, value: Any) -> datetime | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            if len(text) <= 10 and self.day_ends:
                moment = datetime.combine(moment, time(23, 59, 59, 999000))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError(
                f"“{text[:60]}” is no date: write 2026-06-01 or 2026-06-01T14:00Z."
            ) from None


class LimitField(forms.IntegerField):
    """How many a page shows, up to `most`."""

    def __init__(self, most: int) -> None:
        words = f"Give a whole number from 1 to {most}."
        super().__init__(
            label="Per page",
            required=False,
            min_value=1,
            max_value=most,
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), words),
        )


class FilterForm(forms.Form):
    """Filters from an address. Each stands there once; a range ends after it starts; nothing goes unsaid."""

    RANGES: ClassVar[tuple[tuple[str, str], ...]] = ()
    OWN: ClassVar[tuple[str, ...]] = ()
    """Parameters of the address that are ours and no filter."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in self.fields:
            if len(set(self._given(name))) > 1:
                self.add_error(name, "This stands in the link twice, with different values.")
        for low, high in self.RANGES:
            start, end = cleaned.get(low), cleaned.get(high)
            if start is not None and end is not None and start > end:
                self.add_error(high, "The end lies before the start.")
        return cleaned

    def _given(self, name: str) -> list[str]:
        return self.data.getlist(name) if hasattr(self.data, "getlist") else [self.data.get(name, "")]

    def shown(self, name: str) -> str:
        """What the field shows: the value as it was understood, or else the text just as it was given."""
        value = getattr(self, "cleaned_data", {}).get(name)
        if name in self.errors or value is None:
            return str(self.data.get(name) or "")
        if isinstance(value, datetime):
            exact = "milliseconds" if value.microsecond else "auto"  # datetime-local takes three digits
            return value.replace(tzinfo=None).isoformat(timespec=exact).removesuffix(":00")
        return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)

    @property
    def ignored(self) -> list[str]:
        """Names in the link that are no filter: shown, because a misspelt one would widen the list."""
        return [name for name in self.data if name not in self.fields and name not in self.OWN]

    @property
    def has_dates(self) -> bool:
        dates = [name for name, field in self.fields.items() if isinstance(field, MomentField)]
        return any(self.data.get(name) or name in self.errors for name in dates)


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
    limit = LimitField(MAX_LIMIT)
    cursor = forms.CharField(
        label="Place in the list", required=False, max_length=LONGEST_CURSOR, strip=False
    )

    def query(self) -> MediaQuery:
        """The question these values ask; only of a valid form."""
        values: Mapping[str, Any] = self.cleaned_data
        asked = {ours: values[theirs] for ours, theirs in PARAMETERS.items()}
        asked["limit"] = asked["limit"] or DEFAULT_LIMIT
        asked = {name: None if value == "" else value for name, value in asked.items()}
        return MediaQuery(**asked)


class RemovalForm(forms.Form):
    """What is said of a removal: the ticket that asked for it and why; both may be left empty."""

    ticket = TicketField()
    reason = LinesField(label="Reason", required=False, max_length=1000)
    token = forms.CharField(required=False)
    retry_of = forms.UUIDField(required=False, error_messages={"invalid": "This names no removal."})

    def __init__(self, *args: Any, target: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target
        """What the form asks about, and its one-time token is bound to."""

    def clean_token(self) -> uuid.UUID:
        return read_token(self.cleaned_data["token"], self.target)

    @property
    def one_time_token(self) -> str:
        """The hidden field holds the token that came back while it is good for this form, else a new one."""
        return keep_token(str(self["token"].value() or ""), self.target)


class PurgeForm(RemovalForm):
    """A removal of everything: the connection's label is typed by hand and compared here, and what the purge
    would take has to have been shown first: the form brings it back, signed."""

    typed = forms.CharField(label="Connection's name", required=False, max_length=200)
    impact = forms.CharField(required=False)

    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        super().__init__(*args, target=f"everything of {connection.pk}", **kwargs)
        self.expected = connection.label
        self.salt = f"impact of purging {connection.pk}"

    def shown(self, impact: Mapping[str, object]) -> str:
        """What the hidden field holds: the impact on the page, which nobody can alter on its way back."""
        return signing.dumps(dict(impact), salt=self.salt)

    def clean_impact(self) -> dict[str, Any]:
        try:
            seen: dict[str, Any] = signing.loads(
                self.cleaned_data["impact"], salt=self.salt, max_age=IMPACT_HOLDS
            )
        except signing.BadSignature:
            raise ValidationError(
                "What this would take was not shown in the last 15 minutes. It is shown now: look, then "
                "press again."
            ) from None
        return seen

    def clean_typed(self) -> str:
        typed = normalize("NFC", str(self.cleaned_data["typed"]))
        if not typed:
            raise ValidationError("Type the connection's name to purge it.")
        if typed != self.expected:
            raise ValidationError("This is not the connection's name, letter by letter. Nothing was purged.")
        return typed


class LabelField(forms.Field):
    """A variant's label, whatever it is made of: the service chose it, and a reveal of it is recorded."""

    def clean(self, value: Any) -> str:
        if value is None:
            raise ValidationError("No variant is named.")
        return str(value)


class RevealForm(forms.Form):
    """Which variant was revealed, and the ticket that led to it."""

    variant = LabelField()
    ticket = TicketField()


class SearchForm(forms.Form):
    """What was pasted into the search box; `names_several` is set where that is more than one item."""

    q = forms.CharField(required=False, max_length=2000, strip=True)
    names_several = False

    def target(self) -> Target | None:
        """The item the text names, or None with the reason among the field's errors."""
        if not self.is_valid():
            return None
        try:
            return target_of(self.cleaned_data["q"])
        except ValueError as reason:
            self.names_several = isinstance(reason, SeveralIds)
            self.add_error("q", str(reason))
            return None


class SearchStateForm(forms.Form):
    """How far the search through all connections is, as its own links say it."""

    asked = CountField()
    failed = CountField()


class SignInForm(forms.Form):
    role = forms.ChoiceField(
        choices=[(role.word, role.word) for role in Role],
        error_messages={
            "required": "Choose one of the three people.",
            "invalid_choice": "“%(value)s” is none of: viewer, operator, admin.",
        },
    )


class PreferencesForm(forms.Form):
    """How this browser shows things; only what is given is changed."""

    media = OneOfField(MEDIA_MODES)  # type: ignore[assignment]  # a field is no attribute of the form
    layout = OneOfField(LAYOUTS)
    theme = OneOfField(THEMES)
    keys = OneOfField(("on", "off"))
