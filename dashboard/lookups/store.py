"""Look-ups: many ids asked for at once, kept for a day at an address that colleagues can open.

What was pasted is committed before anything is asked; what is left unanswered can be asked for later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from dashboard import budgets, service
from dashboard.best_effort import best_effort
from dashboard.encryption import DecryptionError
from dashboard.identity import Caller, Person
from dashboard.logs import mask_ids
from dashboard.models import Connection, Lookup
from dashboard.oddities import list_oddities
from dashboard.problems import Action, Problem
from dashboard.service import Batch
from dashboard.vault import BATCH_SIZE, MediaItem, UnreadableItem, VaultError

from .parsing import PastedIds

LOOKUP_LIFETIME: Final = timedelta(hours=24)

MAX_IDS_PER_LOOKUP: Final = 1000
MAX_PAIRS_PER_LOOKUP: Final = 20_000
MAX_RECENT_LOOKUPS: Final = 12


class UnknownLookup(Problem):
    """No look-up of this number for this person: it never was, is gone, or is not theirs to see."""

    title = "No such look-up"
    advice = (
        "There is no look-up of this number that you may see. One is kept for a day, for those who may see "
        "all its connections."
    )
    status = 404
    action = Action("lookups", "Look up IDs")


class ExpiredLookup(Problem):
    """A look-up that this person might see, had its day not passed."""

    title = "This look-up has expired"
    advice = "A look-up is kept for a day. Paste the IDs again to see what is cached now."
    status = 410
    action = Action("lookups", "Look up IDs")


def begin(caller: Caller, connections: Sequence[Connection], pasted: PastedIds, ticket: str) -> Lookup:
    """Commit which ids are looked for and where; nothing is asked yet. Expired look-ups are deleted.

    Raises budgets.BudgetSpent.
    """
    malformed = [list(one) for one in pasted.malformed]
    new = Lookup(ids=pasted.ids, repeated=pasted.repeated, malformed=malformed, ticket=mask_ids(ticket))
    return _save(new, caller, connections)


def repeat(caller: Caller, lookup: Lookup) -> Lookup:
    """Begin the same look-up under an address of its own, nothing asked yet; the old one stays as it was."""
    same = Lookup(ids=lookup.ids, repeated=lookup.repeated, malformed=lookup.malformed, ticket=lookup.ticket)
    return _save(same, caller, list(lookup.connections.all()))


def get(pk: UUID, among: Iterable[Connection]) -> Lookup:
    """Return the look-up if its connections are all `among` these. Raises UnknownLookup, ExpiredLookup."""
    lookup = Lookup.objects.filter(pk=pk).prefetch_related("connections").first()
    if lookup is None or not _is_visible(lookup, {one.pk for one in among}):
        raise UnknownLookup(str(pk))
    if lookup.expires_at <= timezone.now():
        raise ExpiredLookup(str(pk))
    return lookup


def list_recent(person: Person | None, among: Iterable[Connection]) -> list[Lookup]:
    """Return the person's own look-ups, newest first, but for those that they may not see any more."""
    if person is None:
        return []
    visible = {one.pk for one in among}
    mine = Lookup.objects.owned_by(person).filter(expires_at__gt=timezone.now())
    mine = mine.prefetch_related("connections")
    rows = mine.defer("answers", "trouble", "malformed", "repeated")[:MAX_RECENT_LOOKUPS]
    return [one for one in rows if _is_visible(one, visible)]


def list_unanswered(lookup: Lookup, connection: Connection) -> list[str]:
    """Return the ids that this connection has not answered for."""
    answers = lookup.answers.get(str(connection.pk), {})
    return [media_id for media_id in lookup.ids if media_id not in answers]


def ask_unanswered(lookup: Lookup) -> list[VaultError | DecryptionError]:
    """Ask for everything unanswered, all batches at once; save the answers and return the errors."""
    told: dict[str, dict[str, Any]] = {}
    trouble: dict[str, dict[str, str]] = {}
    errors: list[VaultError | DecryptionError] = []
    batches = _iterate_batches(lookup)  # each is made ready while others are still out
    for batch, answer in service.read_batches(batches):
        key = str(batch.connection.pk)
        if isinstance(answer, dict):
            told.setdefault(key, {}).update((one, _describe_item(answer.get(one))) for one in batch.media_ids)
        elif answer is not None:
            trouble.setdefault(key, {}).update(dict.fromkeys(batch.media_ids, _describe_error(answer)))
            errors.append(answer)
    with best_effort(f"keeping the answers to look-up {lookup.pk}"):  # its page says which are not there
        _save_answers(lookup, told, trouble)
    return errors


def delete_expired() -> int:
    """Delete look-ups older than a day, and return how many they were."""
    return Lookup.objects.filter(expires_at__lte=timezone.now()).delete()[1].get(Lookup._meta.label, 0)


def _save(lookup: Lookup, caller: Caller, connections: Sequence[Connection]) -> Lookup:
    person = caller.person
    assert person is not None  # noqa: S101 - nobody signed in looks anything up
    with best_effort("deleting expired look-ups"):
        delete_expired()
    lookup.issuer, lookup.subject, lookup.person = person.issuer, person.subject, person.name
    lookup.expires_at = lookup.created_at + LOOKUP_LIFETIME
    with budgets.recorded(caller), transaction.atomic():
        budgets.take(caller, "lookups", len(lookup.ids) + len(lookup.malformed))  # all of them are kept
        lookup.save(force_insert=True)
        lookup.connections.set(connections)
    return lookup


def _is_visible(lookup: Lookup, visible: set[int]) -> bool:
    asked = {one.pk for one in lookup.connections.all()}
    return bool(asked) and asked <= visible


def _iterate_batches(lookup: Lookup) -> Iterator[Batch]:
    for connection in lookup.connections.all():
        left = list_unanswered(lookup, connection)
        for start in range(0, len(left), BATCH_SIZE):
            yield Batch(connection, tuple(left[start : start + BATCH_SIZE]))


def _save_answers(
    lookup: Lookup, told: Mapping[str, Mapping[str, Any]], trouble: Mapping[str, Mapping[str, str]]
) -> None:
    """Save the answers: as they are if they are the first, else beside those saved meanwhile."""
    now, same = timezone.now(), Lookup.objects.filter(pk=lookup.pk)
    if same.filter(asked_at=None).update(answers=told, trouble=trouble, asked_at=now):
        return
    with transaction.atomic():
        row = same.select_for_update().first()
        if row is None:
            raise UnknownLookup(str(lookup.pk))
        for key in {*told, *trouble}:
            answers = row.answers.setdefault(key, {})
            answers.update(told.get(key, {}))
            failed = {**row.trouble.get(key, {}), **trouble.get(key, {})}
            row.trouble[key] = {media_id: why for media_id, why in failed.items() if media_id not in answers}
        row.save(update_fields=["answers", "trouble"])


def _describe_item(item: MediaItem | UnreadableItem | None) -> dict[str, Any] | None:
    match item:
        case MediaItem():
            variants = {
                _mask_text(label): (_mask_text(one.status), one.size) for label, one in item.media.items()
            }
            facts = {"type": _mask_text(item.type), "duration": item.duration, "variants": variants}
            return {**facts, "odd": mask_ids(odd)} if (odd := list_oddities(item)) else facts
        case UnreadableItem():
            return {"unreadable": mask_ids(item.reason)}
    return None


@lru_cache(maxsize=1024)
def _mask_text(text: str) -> str:
    """Return open text of the service as the database takes it: thousands, and few of them different."""
    mended: str = mask_ids(text)
    return mended


def _describe_error(error: VaultError | DecryptionError) -> str:
    if isinstance(error, DecryptionError):
        return error.reason
    words: str = mask_ids(error.detail)
    return f"{error.title}: {words}" if words else error.title
