"""Fields that turn what people and addresses write into typed values, or say why they cannot."""

import re
from datetime import UTC, datetime, time
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from dashboard.web.ticket_links import clean_ticket

MAX_SECONDS: Final = 10_000_000

_DECIMAL_COMMA: Final = re.compile(r"[+-]?[0-9]*,[0-9]+")
_PERHAPS_THOUSANDS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


class TextLengthValidator(MaxLengthValidator):
    """Limit a text's length as `maxlength` of a browser counts it, in UTF-16 units: an emoji counts two."""

    def clean(self, value: Any) -> int:
        return len(str(value).encode("utf-16-le", "surrogatepass")) // 2


class LinesField(forms.CharField):
    """Text of several lines, which end in one character each: a browser counts one, and sends two."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(TextLengthValidator(max_length))

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\r", "\n")


class SecondsField(forms.FloatField):
    """A length of time in seconds, from 0, with a point or a comma before its decimals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            min_value=0,
            max_value=MAX_SECONDS,
            error_messages={
                "max_value": f"No medium is longer than {MAX_SECONDS:,} seconds.",
                "invalid": "Give a number of seconds, such as 10 or 12.5.",
                "thousands": "Write the number without separators between its thousands, such as 1234.5.",
                "min_value": "Seconds start at 0.",
            },
            **kwargs,
        )

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        # 1,234 is read in two ways, and the wrong one would show another list.
        if _PERHAPS_THOUSANDS.fullmatch(text) or len(re.findall(r"[.,']", text)) > 1:
            raise ValidationError(self.error_messages["thousands"], code="thousands")
        if _DECIMAL_COMMA.fullmatch(text):
            value = text.replace(",", ".")
        return super().to_python(value)


class OneOfField(forms.ChoiceField):
    """A word of the API's own, or nothing."""

    def __init__(self, choices: tuple[str, ...], *, missing: str = "", **kwargs: Any) -> None:
        """Refuse an empty choice with the words of `missing`, if there are any."""
        message = f"“%(value)s” is none of: {', '.join(choices)}."
        super().__init__(
            choices=[("", ""), *((choice, choice) for choice in choices)],
            required=bool(missing),
            error_messages={"invalid_choice": message, "required": missing},
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
            return clean_ticket(super().clean(value))
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
                f"“{text[:60]}” is not a date: write 2026-06-01 or 2026-06-01T14:00Z."
            ) from None


class LimitField(forms.IntegerField):
    """The number of rows that a page shows, up to `most`."""

    def __init__(self, most: int) -> None:
        message = f"Give a whole number from 1 to {most}."
        super().__init__(
            label="Per page",
            required=False,
            min_value=1,
            max_value=most,
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), message),
        )
