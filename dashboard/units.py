"""Sizes, lengths and moments in words. Decimal units, as the service and disks count them."""

from datetime import UTC, datetime

_UNITS = ("kB", "MB", "GB", "TB", "PB")
_AGES = ((60, "s"), (60, "min"), (24, "h"), (30, "d"), (12, "mo"))
_PACES = ((1, "a second"), (60, "a minute"), (3600, "an hour"))


def format_size(size: int | None) -> str:
    """Return `12.4 MB`; an em dash if the size is not known yet, never `0 B` for that."""
    if size is None:
        return "—"
    if size < 1000:
        return f"{size} B"
    value, place = size / 1000, 0
    while value >= 999.95 and place < len(_UNITS) - 1:
        value, place = value / 1000, place + 1
    return f"{value:.1f} {_UNITS[place]}"


def format_length(seconds: float | None) -> str:
    """Return `1:12` or `1:01:12`; "" for what has no length."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_age(seconds: float) -> str:
    """Return an age in words: `3 min ago`, `just now`, and `in 2 h` for what is still to come."""
    value, unit = abs(seconds), "y"
    if value < 10:
        return "just now"
    for step, name in _AGES:
        if value < step:
            unit = name
            break
        value /= step
    return f"in {int(value)} {unit}" if seconds < 0 else f"{int(value)} {unit} ago"


def format_time_since(moment: datetime) -> str:
    """Return how long ago an aware moment was: `3 min ago`."""
    return format_age((datetime.now(UTC) - moment).total_seconds())


def format_span(seconds: float) -> str:
    """Return a duration in words: `38 s`, `4 min 12 s`, `2 h 5 min`."""
    if seconds < 1:
        return "under 1 s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def format_rate(per_second: float, noun: str = "item") -> str:
    """Return a rate by the unit that gives a number one can read: `12 items a second`."""
    seconds, unit = next((pace for pace in _PACES if per_second * pace[0] >= 1), _PACES[-1])
    number = per_second * seconds
    shown = (f"{number:.1f}" if number < 9.95 else f"{number:,.0f}").removesuffix(".0")
    return f"{shown} {noun if shown == '1' else noun + 's'} {unit}"


def format_iso(moment: datetime) -> str:
    """Return an aware moment for machines and for copying: UTC with milliseconds."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def format_second(seconds: int) -> str:
    """Return a moment in Unix seconds for machines: `2026-11-20T14:02:11Z`."""
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}Z"


def format_utc(moment: datetime | int) -> str:
    """Return a moment, which may be in Unix seconds, for reading: `20 Nov 2026, 14:02:11 UTC`."""
    at = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else moment.astimezone(UTC)
    return f"{at:%d %b %Y, %H:%M:%S} UTC".lstrip("0")


def format_count(count: int, noun: str, plural: str = "") -> str:
    """Return a number and its noun: `1 variant`, `4,812 variants`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
