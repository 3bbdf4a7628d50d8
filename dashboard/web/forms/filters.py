"""Filters that an address holds."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms

from .fields import MomentField


class FilterForm(forms.Form):
    """Filters from an address. Each stands there once; a range ends after it starts; nothing goes unsaid."""

    RANGES: ClassVar[tuple[tuple[str, str], ...]] = ()
    OWN: ClassVar[tuple[str, ...]] = ()
    """Parameters of the address that are ours and no filter."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in self.fields:
            if len(set(self._get_values(name))) > 1:
                self.add_error(name, "The link has this twice, with different values.")
        for low, high in self.RANGES:
            start, end = cleaned.get(low), cleaned.get(high)
            if start is not None and end is not None and start > end:
                self.add_error(high, "The end is before the start.")
        return cleaned

    def _get_values(self, name: str) -> list[str]:
        return self.data.getlist(name) if hasattr(self.data, "getlist") else [self.data.get(name, "")]

    def get_text(self, name: str) -> str:
        """Return the field's text: the value as it was understood, or the text just as it was given."""
        value = getattr(self, "cleaned_data", {}).get(name)
        if name in self.errors or value is None:
            return str(self.data.get(name) or "")
        if isinstance(value, datetime):
            exact = "milliseconds" if value.microsecond else "auto"  # datetime-local takes three digits
            return value.replace(tzinfo=None).isoformat(timespec=exact).removesuffix(":00")
        return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)

    @property
    def unknown_names(self) -> list[str]:
        """Return names in the link that are no filter: shown, because a misspelt one would widen the list."""
        return [name for name in self.data if name not in self.fields and name not in self.OWN]

    @property
    def has_dates(self) -> bool:
        """Return whether any filter by date is given."""
        dates = [name for name, field in self.fields.items() if isinstance(field, MomentField)]
        return any(self.data.get(name) or name in self.errors for name in dates)
