"""Removals that ended a moment ago: nobody sends a second one who cannot know what became of the first."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from dashboard.models import Connection, Removal, RemovalState

from .errors import RemovalEnded
from .ledger import CALL_LEASE, CHECKED_STATES, RETRYABLE_STATES, Intent

JUST_ENDED: Final = timedelta(seconds=10)
"""For so long after its end nobody else removes the same item: people press at once, clocks differ, and the
service may go on listing it for a moment."""

SENT_AND_ENDED: Final = (
    RemovalState.DELETED,
    RemovalState.NOT_REMOVED,
    RemovalState.REJECTED,
    RemovalState.UNRESOLVED,
    *CHECKED_STATES,
)
"""States of which a call was made that is not under way any more."""


def check(connection: Connection, media_id: str, intent: Intent, settled: Collection[UUID] = ()) -> None:
    """Raise RemovalEnded if a removal of the item has ended of which the person cannot know.

    They know of what they retry, of their own that ended before they pressed, and of their own that were
    `settled` for this press.
    """
    since = intent.pressed_at - JUST_ENDED
    retried = Q(pk=intent.retry_of, state__in=RETRYABLE_STATES)
    ended = Removal.objects.filter(
        connection=connection,
        media_id=media_id,
        state__in=SENT_AND_ENDED,
        sent_at__gt=since - CALL_LEASE[Removal.Verb.DELETE],
        settled_at__gt=since,
    ).exclude(retried | Q(token=intent.token))
    for other in ended:
        is_news = other.settled_at is not None and other.settled_at > intent.pressed_at
        if not other.is_owned_by(intent.caller.person) or (is_news and other.pk not in settled):
            raise RemovalEnded(other)
