"""Add, change, archive and import connections, as admins do: a change and its event are committed as one."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from . import audit, encryption, service
from .identity import Caller
from .models import Account, Connection, shorten_id
from .vault import AccountConnection, BadRequest, KeyRefused


class ConnectionExists(Exception):
    """Another connection came to have this slug, label or id while this one was on its way."""


def list_all() -> list[Connection]:
    """Return every connection, those in use first."""
    return sorted(Connection.objects.all(), key=lambda one: one.archived_at is not None)


def get_by_slug(slug: str) -> Connection:
    """Return the connection of this slug, archived or not, whoever may see it. Raises UnknownConnection."""
    return service.get_connection(slug, Connection.objects.filter(slug=slug))


def add(caller: Caller, connection_id: str, *, slug: str, **said: Any) -> Connection:
    """Add a connection under these names. Raises ConnectionExists and NotRecorded: then nothing was added."""
    connection = Connection(slug=slug, **said)
    connection.set_connection_id(connection_id)
    with _commit_together():
        connection.save(force_insert=True)
        _record("connection.added", caller, connection, _describe(connection))
    return connection


def change(caller: Caller, connection: Connection, **said: Any) -> Connection:
    """Give the connection other names; where they are the same, nothing happens. Raises as `add` does."""
    with _commit_together():
        connection = _lock(connection)
        before = {name: text for name, text in _describe(connection).items() if said.get(name, text) != text}
        after = {name: said[name] for name in before}
        for name, text in after.items():
            setattr(connection, name, text)
        if after:
            connection.save(update_fields=list(after))
            _record("connection.changed", caller, connection, after, before)
    return connection


def archive(caller: Caller, connection: Connection, *, undo: bool = False) -> Connection:
    """Hide the connection from everybody, but for its records, or bring it back. Raises NotRecorded."""
    with _commit_together():
        connection = _lock(connection)
        if (connection.archived_at is None) is not undo:
            connection.archived_at = None if undo else timezone.now()
            connection.save(update_fields=["archived_at"])
            code = "connection.restored" if undo else "connection.archived"
            _record(code, caller, connection, _describe(connection))
    return connection


def confirm(caller: Caller, connection: Connection, connection_id: str) -> Connection:
    """Take a row that was changed outside the dashboard as it stands, with this id. Raises as `add` does."""
    with _commit_together():
        connection = Connection.objects.select_for_update().get(pk=connection.pk)
        connection.set_connection_id(connection_id)
        connection.save()
        state = {"archived": connection.archived_at is not None}
        _record("connection.confirmed", caller, connection, _describe(connection) | state)
    return connection


def rekey(caller: Caller) -> int:
    """Encrypt every id anew by the first key, or none, and return how many. Raises DecryptionError.

    Accounts are signed anew, too, but for those that were changed outside the dashboard.
    """
    with _commit_together():
        every = list(Connection.objects.select_for_update())
        for connection in every:
            connection.set_connection_id(connection.connection_id)
            connection.save(update_fields=["sealed_id", "id_digest", "tail"])
            _record("connection.changed", caller, connection, {"sealed": "anew"})
        for account in Account.objects.select_for_update().iterator():
            if account.is_intact:
                account.save(update_fields=["signature"])
    return len(every)


def _describe(connection: Connection) -> dict[str, Any]:
    return {"label": connection.label, "colour": connection.colour, "groups": connection.groups}


def _record(
    code: str,
    caller: Caller,
    connection: Connection,
    result: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> None:
    row = {"signature": connection.signature}
    audit.record(code, caller, connection=connection, before=before, result=result, row=row)


def _lock(connection: Connection) -> Connection:
    """Return the connection as it stands, for this transaction to change. Raises DecryptionError."""
    locked = Connection.objects.select_for_update().get(pk=connection.pk)
    locked.check_signature()
    return locked


@contextmanager
def _commit_together() -> Iterator[None]:
    """Commit all that is done within, or nothing of it."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as clash:
        raise ConnectionExists from clash
    except DatabaseError as broken:
        raise audit.NotRecorded(type(broken).__name__) from broken


@dataclass(frozen=True, slots=True)
class ListedConnection:
    """A connection that the account lists, and ours of the same id, if any. `key` tells nothing of its id."""

    key: str
    theirs: AccountConnection
    ours: Connection | None

    @property
    def tail(self) -> str:
        return shorten_id(self.theirs.id)


@dataclass(frozen=True, slots=True)
class AccountListingBesideOurs:
    """The account's list of connections, or the `refusal` by which there is none."""

    listed: tuple[ListedConnection, ...] = ()
    unreadable: int = 0
    has_more: bool = False
    refusal: KeyRefused | BadRequest | None = None

    def importable(self, key: str) -> ListedConnection | None:
        """Return the listed connection of this key, or None if it is here already or not listed."""
        return next((one for one in self.listed if one.key == key and one.ours is None), None)


def read_account() -> AccountListingBesideOurs:
    """Return the account's connections beside ours. Raises VaultError, but not if the key may not list."""
    try:
        listing = service.list_account_connections()
    except (KeyRefused, BadRequest) as refusal:
        return AccountListingBesideOurs(refusal=refusal)
    return AccountListingBesideOurs(
        tuple(_match_with_ours(listing.connections)), unreadable=listing.unreadable, has_more=listing.has_more
    )


def _match_with_ours(theirs: Iterable[AccountConnection]) -> Iterable[ListedConnection]:
    ours = {one.id_digest: one for one in Connection.objects.all()}
    for one in theirs:
        digests = encryption.compute_digests(one.id)
        yield ListedConnection(
            digests[0], one, next((ours[digest] for digest in digests if digest in ours), None)
        )
