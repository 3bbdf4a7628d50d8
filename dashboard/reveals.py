"""Reveals: a page signs what it shows, and only that can be revealed, by the same person, for some minutes.

A page of many items has one signature, of the ids in their order, which come back with the request.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

from dashboard import audit, budgets
from dashboard.identity import Caller, Person
from dashboard.models import Connection
from dashboard.oddities import MAX_LABEL_LENGTH
from dashboard.problems import Problem

MAX_AGE: Final = timedelta(minutes=15)
"""Time for which a page that stays open can reveal what it shows."""


class NotShown(Problem):
    """What is to be revealed was not shown to this person, in this connection, under this signature."""

    title = "Nothing was revealed"
    advice = "No page has just shown this to you. Open the item, then press again."
    status = 403


class ShownTooLongAgo(NotShown):
    """The page that showed it has been open for too long. A script then has the item's page sign it anew."""

    title = "This page has been open for long"
    advice = "Nothing was revealed. Open the page again to see what is there now, then press again."
    status = 422


def sign_shown(person: Person, connection: Connection, media_id: str, label: str) -> str:
    """Return what lets this person reveal the variant of this item."""
    return _make_signer(person, connection, media_id).sign(digest_label(label))


def sign_listed(person: Person, connection: Connection, media_ids: Sequence[str]) -> str:
    """Return what lets this person reveal the thumb of each item of this list."""
    return _make_signer(person, connection, media_ids).sign(digest_label("thumb"))


def admit(
    caller: Caller, connection: Connection, media_id: str, shown: str, listed: Sequence[str] = ()
) -> str:
    """Return the digest of the label to reveal. Raises NotShown, and BudgetSpent before anything is read.

    `shown` is what the page signed of the `listed` items, or of the item alone.
    """
    if caller.person is None or (listed and media_id not in listed):
        raise NotShown(media_id)
    try:
        digest = _make_signer(caller.person, connection, listed or media_id).unsign(shown, max_age=MAX_AGE)
    except SignatureExpired:
        raise ShownTooLongAgo(media_id) from None
    except BadSignature:
        raise NotShown(media_id) from None
    budgets.check(caller, "reveals")
    return digest


def record(caller: Caller, connection: Connection, media_id: str, label: str, ticket: str) -> None:
    """Record that the person revealed a variant. Raises as budgets.record_act."""
    facts = {"media_id": media_id, "ticket": ticket, "result": {"variant": label[:MAX_LABEL_LENGTH]}}
    budgets.record_act(caller, "reveals", "media.revealed", connection=connection, **facts)


def record_mode(caller: Caller, before: str, chosen: str, *, shows_more: bool) -> None:
    """Record that the person chose another media mode, as one reveal. Raises as budgets.record_act.

    To show less is refused to nobody; beyond the limit it is noted once a minute.
    """
    code, reason = "access.media_mode", f"from {before} to {chosen}"
    try:
        budgets.record_act(caller, "reveals", code, reason=reason)
    except (budgets.BudgetSpent, audit.NotRecorded):
        if shows_more:
            raise
        audit.note(code, caller, reason=reason)


def digest_label(label: str) -> str:
    """Return a short text that stands for the label, which may be of any letters and length."""
    return hashlib.sha256(label.encode()).hexdigest()[:16]


def _make_signer(person: Person, connection: Connection, shown_ids: str | Sequence[str]) -> TimestampSigner:
    """Return the signer whose key is for this person, this connection, and this item or list alone."""
    shown = json.dumps([person.issuer, person.subject, connection.pk, shown_ids])
    return TimestampSigner(salt=f"dashboard.reveals {hashlib.sha256(shown.encode()).hexdigest()}")
