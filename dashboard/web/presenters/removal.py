"""Messages about the outcome of a removal: what happened, and what next."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from dashboard.models import Removal, RemovalState
from dashboard.units import format_count, format_size


@dataclass(frozen=True, slots=True)
class OutcomeMessage:
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
            return OutcomeMessage(
                f"Purged {record.connection_label}{variants}{freed}",
                "The connection's cache was emptied. Items may be cached again as they are looked at.",
                "stored",
                200,
            )
        case RemovalState.DELETED:
            return OutcomeMessage(
                f"Deleted {what}{freed}",
                "The cached copy is gone. The original is not touched, and may be cached again.",
                "stored",
                200,
            )
        case RemovalState.ALREADY_GONE:
            return OutcomeMessage(f"{what} was already gone", "Nothing was left to remove.", "info", 200)
        case RemovalState.VERIFIED_GONE:
            return OutcomeMessage(
                f"{what} is gone",
                f"{came}, so we looked: nothing is left in the cache.",
                "stored",
                200,
            )
        case RemovalState.RECACHED:
            return OutcomeMessage(
                f"{what} was removed and is cached again",
                f"{came}, so we looked: what is there was first seen later.",
                "refresh",
                200,
            )
        case RemovalState.VERIFIED_PRESENT:
            return OutcomeMessage(
                f"{what} is still there",
                f"{came}, so we looked: it was still cached a moment later, and the "
                f"removal may yet take effect. {again}.",
                "alert",
                409,
            )
        case RemovalState.NOT_REMOVED:
            return OutcomeMessage(
                f"{what} was not removed",
                "The service answered that it removed nothing. If it stays, tell your administrator.",
                "alert",
                409,
            )
        case RemovalState.REJECTED if record.answer_status not in (None, *_KEY_OR_REQUEST):
            still = "it is" if record.media_id else "all of it is"
            return OutcomeMessage(
                f"{what} was not removed",
                f"{_quote_refusal(record)} Nothing was removed: {still} still there. "
                "Look again before you retry.",
                "alert",
                409,
            )
        case RemovalState.REJECTED:
            return OutcomeMessage(
                f"The service refused to remove {what}",
                "Nothing was removed, and trying again will not help by itself. Tell your administrator.",
                "key",
                502,
            )
        case RemovalState.REFUSED:
            return OutcomeMessage(
                f"{what} was not removed",
                "The service was not reached or asked us to wait. Nothing was removed; try again soon.",
                "alert",
                503,
            )
        case RemovalState.PLANNED | RemovalState.CLAIMED:
            return OutcomeMessage(f"{what} is to be removed", "Nothing has been sent yet.", "pending", 202)
        case RemovalState.SENT:
            return OutcomeMessage(
                f"{what} is being removed",
                "The request is on its way, and the service's answer is not in yet.",
                "pending",
                202,
            )
        case RemovalState.CANCELLED:
            return OutcomeMessage(
                f"{what} was not removed", "It was cancelled before anything was sent.", "x", 409
            )
        case RemovalState.UNRESOLVED if record.closed_at:
            return OutcomeMessage(
                f"It could not be found out whether {what} was removed",
                f"{record.closed_by} looked into it and closed it by hand.",
                "info",
                504,
            )
        case RemovalState.UNRESOLVED:
            return OutcomeMessage(
                f"It is not known whether {what} was removed",
                f"{came}, and reading for ten minutes could not tell, either. "
                "An admin looks into it and closes it with a note.",
                "unknown",
                504,
            )
    return OutcomeMessage(
        f"It is not known whether {what} was removed",
        f"{came}, and it could not be read again. {again}.",
        "unknown",
        504,
    )
