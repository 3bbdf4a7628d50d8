"""What the service says of a deletion or a purge: any number of the contract, an odd one as it came."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Struct

from .records import MAX_COUNT, Oddity

MAX_FREED_BYTES: Final = 2**49
"""Of one item; what 10,000 of them add up to still fits into 64 bits."""

_MAX_RAW_LENGTH: Final = 60
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class DeleteResult(Struct, frozen=True):
    """What the service says of one deletion. `success` False: nothing was removed.

    `freed_bytes` is None where the number is none of bytes; then it stands among the `oddities`.
    """

    success: bool
    media_id: str
    freed_bytes: int | None
    oddities: tuple[Oddity, ...] = ()


class PurgeResult(Struct, frozen=True):
    """What the service says of a purge. `purged_count` counts variants, not items; None as for a deletion."""

    success: bool
    purged_count: int | None
    freed_bytes: int | None
    oddities: tuple[Oddity, ...] = ()


class _WireDelete(Struct, rename="camel"):
    success: bool
    media_id: str
    freed_bytes: msgspec.Raw


class _WirePurge(Struct, rename="camel"):
    success: bool
    purged_count: msgspec.Raw
    freed_bytes: msgspec.Raw


_delete = msgspec.json.Decoder(_WireDelete)
_purge = msgspec.json.Decoder(_WirePurge)


def decode_delete(body: bytes) -> DeleteResult:
    """Return the result of a deletion. Raises msgspec.DecodeError (and its ValidationError),
    UnicodeDecodeError or RecursionError where the body is none."""
    wire, odd = _delete.decode(body), list[Oddity]()
    freed = _count("freedBytes", wire.freed_bytes, MAX_FREED_BYTES, odd)
    return DeleteResult(wire.success, wire.media_id, freed, tuple(odd))


def decode_purge(body: bytes) -> PurgeResult:
    """Return the result of a purge; raises as `decode_delete`."""
    wire, odd = _purge.decode(body), list[Oddity]()
    count = _count("purgedCount", wire.purged_count, MAX_COUNT, odd)
    freed = _count("freedBytes", wire.freed_bytes, MAX_COUNT, odd)
    return PurgeResult(wire.success, count, freed, tuple(odd))


def _count(name: str, raw: msgspec.Raw, most: int, odd: list[Oddity]) -> int | None:
    """Return the whole number that was written; where it is none, note it among the odd."""
    text = bytes(raw).decode().strip()
    if not _NUMBER.fullmatch(text):
        raise msgspec.ValidationError(f"{name} is no number")
    number = float(text)
    if number < 0:
        why = "negative"
    elif number > most:
        why = "too large"
    elif not number.is_integer():
        why = "not a whole number"
    else:
        return int(number)
    shown = text if len(text) <= _MAX_RAW_LENGTH else f"{text[: _MAX_RAW_LENGTH - 1]}…"
    odd.append(Oddity(name, shown, why))
    return None
