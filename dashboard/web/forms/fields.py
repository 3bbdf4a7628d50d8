"""Fields for what a browser or a key pad writes in its own way: lines of text, and decimals."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

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
