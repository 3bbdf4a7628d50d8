"""Reveals: a page signs what it shows, and only that can be revealed, by the same person, for some minutes.

A page of many items has one signature, of the ids in their order, which come back with the request.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.db import transaction

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


def sign_shown(person: Person, connection: Connection, media_ids: Sequence[str], label: str = "thumb") -> str:
    """Return what lets this person reveal the variant of each of these items."""
    return _make_signer(person, connection, media_ids).sign(digest_label(label))


def admit(
    caller: Caller, connection: Connection, media_id: str, shown: str, listed: Sequence[str] = ()
) -> str:
    """Return the digest of the label to reveal. Raises NotShown, and as budgets.spend.

    `shown` is what the page signed of the `listed` items, or of the item alone.
    """
    ids = listed or [media_id]
    if caller.person is None or media_id not in ids:
        raise NotShown(media_id)
    try:
        digest = _make_signer(caller.person, connection, ids).unsign(shown, max_age=MAX_AGE)
    except SignatureExpired:
        raise ShownTooLongAgo(media_id) from None
    except BadSignature:
        raise NotShown(media_id) from None
    budgets.spend(caller, "reveals")
    return digest


def record(caller: Caller, connection: Connection, media_id: str, label: str, ticket: str) -> None:
    """Record that the person revealed a variant. Raises audit.NotRecorded."""
    result = {"variant": label[:MAX_LABEL_LENGTH]}
    audit.record(
        "media.revealed", caller, connection=connection, media_id=media_id, ticket=ticket, result=result
    )


def record_mode(caller: Caller, before: str, chosen: str) -> None:
    """Record that the person chose another media mode, as one reveal. Raises as budgets.spend."""
    with budgets.recorded(caller), transaction.atomic():
        budgets.take(caller, "reveals")
        audit.record("access.media_mode", caller, reason=f"from {before} to {chosen}")


def digest_label(label: str) -> str:
    """Return a short text that stands for the label, which may be of any letters and length."""
    return hashlib.sha256(label.encode()).hexdigest()[:16]


def _make_signer(person: Person, connection: Connection, media_ids: Iterable[str]) -> TimestampSigner:
    """Return the signer whose key is for this person, connection and list of items alone."""
    shown = json.dumps([person.issuer, person.subject, connection.pk, *media_ids])
    return TimestampSigner(salt=f"dashboard.reveals {hashlib.sha256(shown.encode()).hexdigest()}")
