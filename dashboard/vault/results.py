"""The results of a deletion and a purge. A count that makes no sense is kept as it came."""

import re
from typing import Final

import msgspec
from msgspec import Struct

from .records import MAX_COUNT, Oddity
from .tolerant import MAX_RAW_LENGTH

MAX_FREED_BYTES: Final = 2**49
"""Of one item; what 10,000 of them add up to still fits into 64 bits."""

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class DeleteResult(Struct, frozen=True):
    """The result of a deletion: without `success` nothing was removed. An odd `freed_bytes` is None."""

    success: bool
    media_id: str
    freed_bytes: int | None
    oddities: tuple[Oddity, ...] = ()


class PurgeResult(Struct, frozen=True):
    """The result of a purge. `purged_count` counts variants, not items; odd counts are None."""

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


_delete_decoder = msgspec.json.Decoder(_WireDelete)
_purge_decoder = msgspec.json.Decoder(_WirePurge)


def decode_delete(body: bytes) -> DeleteResult:
    """Return the result of a deletion. Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError."""
    wire, odd = _delete_decoder.decode(body), list[Oddity]()
    freed = _read_count("freedBytes", wire.freed_bytes, MAX_FREED_BYTES, odd)
    return DeleteResult(wire.success, wire.media_id, freed, tuple(odd))


def decode_purge(body: bytes) -> PurgeResult:
    """Return the result of a purge. Raises as `decode_delete` does."""
    wire, odd = _purge_decoder.decode(body), list[Oddity]()
    count = _read_count("purgedCount", wire.purged_count, MAX_COUNT, odd)
    freed = _read_count("freedBytes", wire.freed_bytes, MAX_COUNT, odd)
    return PurgeResult(wire.success, count, freed, tuple(odd))


def _read_count(name: str, raw: msgspec.Raw, maximum: int, odd: list[Oddity]) -> int | None:
    """Return the whole number in `raw`; if it is not one, return None and add it to `odd`."""
    text = bytes(raw).decode().strip()
    if not _NUMBER.fullmatch(text):
        raise msgspec.ValidationError(f"{name} is no number")
    number = float(text)
    if number < 0:
        why = "negative"
    elif number > maximum:
        why = "too large"
    elif not number.is_integer():
        why = "not a whole number"
    else:
        return int(number)
    shown = text if len(text) <= MAX_RAW_LENGTH else f"{text[: MAX_RAW_LENGTH - 1]}…"
    odd.append(Oddity(name, shown, why))
    return None
