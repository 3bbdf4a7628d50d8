"""The records of the account's list of connections. Not every key may call this operation."""

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")

Name = Annotated[str, Meta(max_length=500)]


class AccountConnection(Struct, frozen=True):
    """A connection of the account. Its id is a credential, so the `repr` shows only the end of it."""

    id: str
    status: str
    name: str = ""
    username: str = ""

    def __repr__(self) -> str:
        return f"AccountConnection(··{self.id[-4:]}, {self.status!r})"


class AccountListing(Struct, frozen=True):
    """The account's connections. `unreadable` counts the rows that could not be decoded."""

    connections: tuple[AccountConnection, ...]
    unreadable: int = 0
    has_more: bool = False


class _WireListing(Struct, rename="camel", kw_only=True):
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


MAX_CONNECTIONS_LISTED: Final = 1000
"""Further connections are not listed; `has_more` tells of them."""

_page_decoder = msgspec.json.Decoder(_WireListing)
_connection_decoder = msgspec.json.Decoder(_WireConnection)


def decode_account_page(body: bytes) -> AccountListing:
    """Return the page that the JSON describes; a row that cannot be decoded is only counted.

    Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError if the page itself cannot be decoded.
    """
    wire = _page_decoder.decode(body)
    read = [_decode_row(raw) for raw in wire.rows[: MAX_CONNECTIONS_LISTED + 1]]  # one more: there are more
    found = tuple(row for row in read if row is not None)
    return AccountListing(found, len(read) - len(found), wire.has_more)


def _decode_row(raw: msgspec.Raw) -> AccountConnection | None:
    try:
        wire = _connection_decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    user = wire.user_data or _WireUser()
    return AccountConnection(wire.id, wire.status, _join_words(user.name), _join_words(user.username))


def _join_words(text: str | None) -> str:
    return " ".join((text or "").split())
