"""Messages about the outcome of a removal: what happened, and what next."""

from typing import Final, NamedTuple

from dashboard.models import Removal, RemovalState
from dashboard.removals.outcomes import had_nothing_left
from dashboard.units import format_count, format_size


class OutcomeMessage(NamedTuple):
    """A title, what to do next, the glyph beside them, and the status the answer has."""

    title: str
    next: str
    glyph: str
    status: int


class Badge(NamedTuple):
    """The look of an outcome beside its word: a colour's class, and a glyph."""

    colour: str
    glyph: str


_GOOD: Final = Badge("stored", "stored")
_OPEN: Final = Badge("pending", "pending")
_BADGES: Final = {
    **dict.fromkeys(("deleted", "verified_gone"), _GOOD),
    **dict.fromkeys(("planned", "claimed", "sent", "put_off"), _OPEN),
    "paused": Badge("expired", "pause"),
    "resumed": Badge("storing", "play"),
    "stopped": Badge("removed", "x"),
    "finished": _GOOD,
    **dict.fromkeys(("unknown", "unresolved"), Badge("unknown", "unknown")),
    **dict.fromkeys(("not_removed", "verified_present", "refused"), Badge("expired", "alert")),
    **dict.fromkeys(("rejected", "denied"), Badge("expired", "key")),
    **dict.fromkeys(("recached", "done"), Badge("edge_only", "check")),
    "broken": Badge("expired", "alert"),
    "already_gone": Badge("removed", "removed"),
    "cancelled": Badge("removed", "x"),
    "closed": Badge("removed", "check"),
}

_KEY_OR_REQUEST: Final = (400, 401, 403)
"""Refusals that are about our key, the connection or the request itself, and not about the item."""


def get_badge(outcome: str) -> Badge:
    """Return the badge of an event's outcome or a removal's state."""
    return _BADGES.get(outcome, Badge("unknown", "unknown"))


def _describe_answer(record: Removal) -> str:
    """Say what came in place of an answer that tells what became of it."""
    match record.answer_status:
        case None:
            return "The service's answer was lost"
        case 200:
            return "The service's answer made no sense"
    return f"The service answered {record.answer_status}, which does not tell whether it removed anything"


def _quote_refusal(record: Removal) -> str:
    """Return the service's refusal in its own words: `The service answered 409: “busy”.`"""
    status, text = f"The service answered {record.answer_status}", record.service_text
    return text if text.startswith(status) else f"{status}: “{text}”."


def write_outcome_message(record: Removal) -> OutcomeMessage:  # noqa: C901 - a case an outcome
    """Return the message for a record of a delete or a purge, whatever state it is in."""
    what = record.media_id or f"everything of {record.connection_label}"
    is_purge = record.verb == Removal.Verb.PURGE
    again = "Do not press again" if is_purge else "Look at the item again before you press"
    freed = "" if record.freed_bytes is None else f", freed {format_size(record.freed_bytes)}"
    came = _describe_answer(record)
    match record.state:
        case RemovalState.DELETED if is_purge:
            count = record.purged_variants
            variants = "" if count is None else f": {format_count(count, 'variant')} removed"
            title, look = f"Purged {record.connection_label}{variants}{freed}", ("stored", 200)
            advice = "The connection's cache was emptied. Items may be cached again as they are looked at."
        case RemovalState.DELETED:
            title, look = f"Deleted {what}{freed}", ("stored", 200)
            advice = "The cached copy is gone. The original is not touched, and may be cached again."
        case RemovalState.ALREADY_GONE:
            title, look = f"{what} was already gone", ("info", 200)
            advice = "Nothing was left to remove."
        case RemovalState.VERIFIED_GONE:
            title, look = f"{what} is gone", ("stored", 200)
            either = " Nothing of it was cached before, either." if had_nothing_left(record.before) else ""
            advice = f"{came}, so we looked: nothing is left in the cache.{either}"
        case RemovalState.RECACHED:
            title, look = f"{what} was removed and is cached again", ("refresh", 200)
            advice = f"{came}, so we looked: what is there was first seen later."
        case RemovalState.VERIFIED_PRESENT:
            title, look = f"{what} is still there", ("alert", 409)
            advice = (
                f"{came}, so we looked: it was still cached a moment later, and the "
                f"removal may yet take effect. {again}."
            )
        case RemovalState.NOT_REMOVED:
            title, look = f"{what} was not removed", ("alert", 409)
            advice = "The service answered that it removed nothing. If it stays, tell your administrator."
        case RemovalState.REJECTED if record.answer_status not in (None, *_KEY_OR_REQUEST):
            still = "it is" if record.media_id else "all of it is"
            title, look = f"{what} was not removed", ("alert", 409)
            advice = (
                f"{_quote_refusal(record)} Nothing was removed: {still} still there. "
                "Look again before you retry."
            )
        case RemovalState.REJECTED:
            title, look = f"The service refused to remove {what}", ("key", 502)
            advice = "Nothing was removed, and trying again will not help by itself. Tell your administrator."
        case RemovalState.REFUSED:
            title, look = f"{what} was not removed", ("alert", 503)
            advice = "It was not sent, or the service did not take it. Nothing was removed; try again soon."
        case RemovalState.PLANNED | RemovalState.CLAIMED:
            title, look = f"{what} is to be removed", ("pending", 202)
            advice = "Nothing has been sent yet."
        case RemovalState.SENT:
            title, look = f"{what} is being removed", ("pending", 202)
            advice = "The request is on its way, and the service's answer is not in yet."
        case RemovalState.CANCELLED:
            title, look = f"{what} was not removed", ("x", 409)
            advice = "It was cancelled before anything was sent."
        case RemovalState.UNRESOLVED if record.closed_at:
            title, look = f"It could not be found out whether {what} was removed", ("info", 504)
            advice = f"{record.closed_by} looked into it and closed it by hand."
        case RemovalState.UNRESOLVED:
            title, look = f"It is not known whether {what} was removed", ("unknown", 504)
            advice = (
                f"{came}, and reading for ten minutes could not tell, either. "
                "An admin looks into it and closes it with a note."
            )
        case _:
            title, look = f"It is not known whether {what} was removed", ("unknown", 504)
            advice = f"{came}, and it could not be read again. {again}."
    return OutcomeMessage(title, advice, *look)
