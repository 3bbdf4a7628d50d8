"""The state in which a call leaves its target, by its answer and by what was seen before."""

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dashboard.models import RemovalState
from dashboard.units import format_count, format_size
from dashboard.vault import (
    BadRequest,
    Busy,
    DeleteResult,
    KeyRefused,
    KeyRefusedBefore,
    NotCached,
    PurgeResult,
    Unreachable,
    VaultError,
)

REFUSAL_STATUSES: Final = frozenset(
    {400, 401, 402, 403, 405, 406, 407, 409, 411, 412, 413, 414, 415, 417, 421, 422, 423, 426, 428, 431, 451}
)
"""Statuses by which the service says that it did not do it. Of the other 4xx, 404 and 410 tell of the item,
429 asks to wait, and the rest (408, 424, 425, 499) may come from a service that had begun."""


has_called: Final = ContextVar("has_called", default=False)
"""True once a call that removes was made for the request of this thread."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state that a call left its target in, the service's words, and the values for the record."""

    state: RemovalState
    said: str = ""
    fields: Mapping[str, int | None] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=lambda: {"status": None})
    error: VaultError | None = None

    @property
    def is_lost(self) -> bool:
        """Return True if no answer came that tells anything: then the service may be in trouble."""
        status = self.result.get("status")
        answered = "success" in self.result or (status is not None and 200 < status < 300)
        return self.state == RemovalState.UNKNOWN and not answered


def attempt_call(call: Callable[[], DeleteResult | PurgeResult], before: Mapping[str, Any]) -> Outcome:
    """Make the one call and return its outcome, given the target as it was `before`. Uses no database."""
    started = time.monotonic()
    has_called.set(True)
    try:
        outcome = _of_answer(call(), before)
    except VaultError as error:
        outcome = classify_error(error)
    taken = round((time.monotonic() - started) * 1000)
    return replace(outcome, result={**outcome.result, "duration_ms": taken})


def classify_error(error: VaultError) -> Outcome:
    """Return what an error of the call leaves the target in."""
    state, said = RemovalState.UNKNOWN, error.detail
    match error:
        case NotCached():
            state = RemovalState.ALREADY_GONE
        case KeyRefused() | BadRequest() if error.status in REFUSAL_STATUSES:
            state = RemovalState.REJECTED
        case Busy(retry_after=seconds) if seconds:
            state, said = RemovalState.REFUSED, f"Asked to wait {seconds:.0f} s. {said}"
        case Busy() | Unreachable() | KeyRefusedBefore():
            state = RemovalState.REFUSED
    fields = {"answer_status": error.status}
    facts = {"status": error.status, "error": said, "service_request_id": error.request_id}
    return Outcome(state, said, fields, facts, error)


def _of_answer(answer: DeleteResult | PurgeResult, before: Mapping[str, Any]) -> Outcome:
    """Return what the answer says; unknown, to be read, where it contradicts itself or what was seen."""
    numbers: dict[str, int | None] = {"freed_bytes": answer.freed_bytes}
    if isinstance(answer, PurgeResult):
        numbers["purged_variants"] = answer.purged_count
    odd = [oddity.text for oddity in answer.oddities]
    state, said = RemovalState.DELETED if answer.success else RemovalState.NOT_REMOVED, "; ".join(odd)
    if why := _contradiction(answer, before):
        state, said = RemovalState.UNKNOWN, why
    facts: dict[str, Any] = {"status": 200, "success": answer.success, **numbers}
    if odd:
        facts["odd"] = odd
    if state == RemovalState.UNKNOWN:
        facts["error"] = said
    return Outcome(state, said, {**numbers, "answer_status": 200}, facts)


def _contradiction(answer: DeleteResult | PurgeResult, before: Mapping[str, Any]) -> str:
    """Return how the answer cannot be right, in a sentence; empty where it can."""
    variants, size_bytes = _seen(before)
    freed = answer.freed_bytes
    purged = answer.purged_count if isinstance(answer, PurgeResult) else None
    counts = [] if purged is None else [f"{format_count(purged, 'variant')} removed"]
    told = ", ".join([*counts, *([] if freed is None else [f"{format_size(freed)} freed"])])
    if not answer.success:
        return f"The service answered that it removed nothing, but: {told}." if freed or purged else ""
    if (freed == 0 and size_bytes) or (purged == 0 and variants):
        seen = f"{format_count(variants, 'variant')}, {format_size(size_bytes)}"
        return f"The service answered that it succeeded, but: {told}. Seen before: {seen}."
    return ""


def _seen(before: Mapping[str, Any]) -> tuple[int, int]:
    """Return the variants that were there before and their bytes, without those that were removed already."""
    if "variants" in before:
        there = [variant for variant in before["variants"] if variant["status"] != "removed"]
        return len(there), sum(variant["size_bytes"] or 0 for variant in there)
    variants = before.get("variants_seen", 0) - before.get("variants_by_state", {}).get("removed", 0)
    return variants, before.get("size_bytes", 0) - before.get("bytes_by_state", {}).get("removed", 0)


def had_nothing_left(before: Mapping[str, Any]) -> bool:
    """Return True if all that was seen before the call was known to be removed already."""
    is_whole = bool(before.get("variants")) or before.get("at_least") is False
    return is_whole and not _seen(before)[0]


def was_not_taken(outcome: Outcome) -> bool:
    """Return True if nothing was done and another try makes sense later."""
    refused = outcome.state in (RemovalState.REFUSED, RemovalState.REJECTED)
    return refused and isinstance(outcome.error, Busy | Unreachable | KeyRefused)
