"""The audit's filters, from an address to typed values."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from dashboard.audit.event_codes import OUTCOMES, VERBS
from dashboard.audit.queries import ALL_STEPS, DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS, AuditQuery, Position
from dashboard.models import Connection

from .fields import LimitField, MomentField, OneOfField, TicketField
from .filters import FilterForm


class ConnectionField(forms.CharField):
    """The slug of one of the connections that a person may read of; of another it says nothing."""

    def __init__(self, connections: Iterable[Connection]) -> None:
        super().__init__(required=False, max_length=64)
        self.choices = {one.slug: one.label for one in connections}

    def clean(self, value: Any) -> str:
        slug: str = super().clean(value)
        if slug and slug not in self.choices:
            raise ValidationError("There is no connection of this name that you may see.")
        return slug


class PlaceField(forms.CharField):
    """The place at which the page before ended."""

    def clean(self, value: Any) -> Position | None:
        try:
            return Position.parse(value) if value else None
        except ValueError:
            raise ValidationError("This is not a place in the record.") from None


class AuditFilterForm(FilterForm):
    """The audit's filters, by the names in its address."""

    RANGES = (("from", "to"),)

    verb = OneOfField(tuple(VERBS))
    outcome = OneOfField(tuple(OUTCOMES))
    actor = forms.CharField(required=False, max_length=255)
    ticket = TicketField()
    steps = OneOfField((ALL_STEPS,))
    job = forms.UUIDField(required=False, error_messages={"invalid": "This is not a bulk removal's number."})
    limit = LimitField(MAX_LIMIT)
    before = PlaceField(required=False)

    def __init__(self, *args: Any, connections: Iterable[Connection], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["connection"] = ConnectionField(connections)
        # A form has `media` of its own, and `from` is a word of Python's.
        self.fields["media"] = forms.CharField(required=False, max_length=128)
        self.fields["from"] = MomentField()
        self.fields["to"] = MomentField(day_ends=True)

    def to_query(self) -> AuditQuery:
        """Return the query of a valid form."""
        values: Mapping[str, Any] = self.cleaned_data
        asked: dict[str, Any] = {ours: values[theirs] or None for ours, theirs in PARAMETERS.items()}
        asked["limit"] = asked["limit"] or DEFAULT_LIMIT
        return AuditQuery(**asked)


class AuditExportForm(AuditFilterForm):
    """The same filters, and the format in which all that fits them is taken away."""

    format = OneOfField(("csv", "jsonl"), missing="Choose csv or jsonl.")
