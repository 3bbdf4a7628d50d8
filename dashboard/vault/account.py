"""What the account says of its connections: one operation beside the five, and not every key may call it."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

CONNECTION_STATUSES: Final = ("active", "expired", "awaiting_2fa")

_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")

Name = Annotated[str, Meta(max_length=500)]


class AccountConnection(Struct, frozen=True):
    """A connection as the account lists it: its status as it came, its person's names where there are any.

    Its id is treated like a credential, so its `repr` has no more of it than the last four characters.
    """

    id: str
    status: str
    name: str = ""
    username: str = ""

    def __repr__(self) -> str:
        return f"AccountConnection(··{self.id[-4:]}, {self.status!r})"

    @property
    def is_known_status(self) -> bool:
        return self.status in CONNECTION_STATUSES


class AccountListing(Struct, frozen=True):
    """What was found of the account's connections. `unreadable` counts rows that were not as promised."""

    connections: tuple[AccountConnection, ...]
    unreadable: int = 0
    has_more: bool = False


class _WirePage(Struct, rename="camel", kw_only=True):
    rows: list[msgspec.Raw] = field(name="list")
    has_more: bool


class _WireUser(Struct):
    name: Name | None = None
    username: Name | None = None


class _WireConnection(Struct, rename="camel"):
    id: str
    status: Annotated[str, Meta(max_length=100)]
    user_data: _WireUser | None = None

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError("an id that no connection can have")


_page = msgspec.json.Decoder(_WirePage)
_connection = msgspec.json.Decoder(_WireConnection)


def decode_account_page(body: bytes) -> AccountListing:
    """A page from its JSON; a row that breaks the promise is only counted.

    Raises msgspec.DecodeError (and its ValidationError), UnicodeDecodeError or RecursionError when the
    page itself is not one.
    """
    wire = _page.decode(body)
    read = [_read(raw) for raw in wire.rows]
    found = tuple(row for row in read if row is not None)
    return AccountListing(found, len(read) - len(found), wire.has_more)


def _read(raw: msgspec.Raw) -> AccountConnection | None:
    try:
        wire = _connection.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    user = wire.user_data or _WireUser()
    return AccountConnection(wire.id, wire.status, _one_line(user.name), _one_line(user.username))


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
