"""The chain's end, signed and written outside the database: what is cut off or put back there shows here."""

import json
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone

from dashboard import schema
from dashboard.encryption import derive_key
from dashboard.models import Event
from dashboard.private import append_privately
from dashboard.vault import Bucket, is_public, post_document

from .chain import format_time, write_canonical

logger: Final = logging.getLogger(__name__)

POST_SECONDS: Final = 10.0
ANCHOR_RETRY_SECONDS: Final = 60.0
"""Seconds until the next try where one failed, which is one line in the log."""

BUCKET: Final = "s3://"
"""How the names of places begin that are buckets."""

_MAX_DELAY: Final = timedelta(minutes=1)
"""Longer than a worker takes from reading the chain's end to writing it down."""

Anchor = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AnchorsVerdict:
    """The result of comparing anchors with the chain: how many hold, what the newest saw, and a fault."""

    count: int
    newest: str
    fault: str


def write_anchor(event: Event) -> str:
    """Return one line of JSON that says how far the chain reaches now, signed by the newest key (Ed25519)."""
    key = _list_keys()[0]
    facts = {
        "at": format_time(timezone.now()),
        "hash": event.hash,
        "instance": settings.ALLOWED_HOSTS[0],
        "key": _name_key(key),
        "sequence": event.sequence,
    }
    line = write_canonical(facts)
    return f'{line[:-1]},"signature":"{key.sign(line.encode()).hex()}"}}'


def compare(lines: Iterable[str]) -> AnchorsVerdict:
    """Compare anchors of this instance, oldest first, with the chain that is there, up to the first fault."""
    count, newest, highest = 0, "", None
    for number, anchor in _read_each(lines):
        if isinstance(anchor, str):
            return AnchorsVerdict(count, newest, f"Line {number} of the anchors {anchor}")
        if fault := (highest and _find_fall(highest, anchor)) or _find_fault(anchor):
            return AnchorsVerdict(count, newest, fault)
        highest = max(highest or anchor, anchor, key=itemgetter("sequence"))
        count, newest = count + 1, f"event {anchor['sequence']} at {anchor['at']}"
    return AnchorsVerdict(count, newest, "" if count else "There is no anchor of this instance")


def read_bucket(target: str) -> Iterator[str]:
    """Yield the anchors of this instance that lie in a bucket, oldest first. Raises OSError."""
    return _open_bucket(target).read_all(settings.ALLOWED_HOSTS[0])


def start_writer(stop: threading.Event) -> None:
    """Start a thread for each place that writes anchors until `stop` is set: none waits for another."""
    for target in settings.DASHBOARD_ANCHORS:
        threading.Thread(target=run_writer, args=(stop, target), name="anchors", daemon=True).start()


def run_writer(stop: threading.Event, target: str) -> None:
    """Write to the place how far the chain reaches, at an interval, where it has grown."""
    if not schema.wait_until_migrated(stop, "The writer of anchors"):
        return
    place = Place(target)
    while not stop.wait(1.0):
        close_old_connections()
        place.write_if_due()
    connection.close()


class Place:
    """A file, a bucket or an address for anchors. One that fails is tried again and keeps nobody waiting."""

    allows = staticmethod(is_public)
    """Which addresses may be connected to: none of our own networks, where a wrong setting could act."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._bucket = _open_bucket(target) if target.startswith(BUCKET) else None
        self._written: tuple[int, str] | None = None
        self._next_at = float("-inf")

    def write_if_due(self) -> None:
        """Write the chain's end if it is time, and it has grown; log what fails. Never raises."""
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + settings.DASHBOARD_ANCHOR_SECONDS
        try:
            last = Event.objects.order_by("-sequence").first()
            if last and (last.sequence, last.hash) != self._written:
                self.write(write_anchor(last))
                self._written = last.sequence, last.hash
        except Exception as failed:  # whatever it is, the worker goes on
            self._next_at = time.monotonic() + ANCHOR_RETRY_SECONDS
            logger.error("an anchor of the audit was not written to %s: %s", self, failed)

    def write(self, line: str) -> None:
        """Write one line. Raises OSError."""
        if self._bucket:
            until = timezone.now() + timedelta(days=settings.DASHBOARD_ANCHOR_RETENTION_DAYS)
            self._bucket.put(_name_object(line), line.encode(), until)
        elif self.target.startswith("/"):
            append_privately(Path(self.target), line)
        else:
            post_document(self.target, line.encode(), seconds=POST_SECONDS, allows=self.allows)

    def __str__(self) -> str:
        """The file or bucket, or the host: what follows it may be a secret."""
        is_plain = self.target.startswith(("/", BUCKET))
        return self.target if is_plain else str(urlsplit(self.target).hostname)


def _open_bucket(target: str) -> Bucket:
    return Bucket(target, endpoint=settings.DASHBOARD_ANCHOR_S3_ENDPOINT, seconds=POST_SECONDS)


def _name_object(line: str) -> str:
    """Return where an anchor lies in a bucket, so that a listing has the oldest first.

    By its time, not its number: after an older state was put back the later anchor has the lower number.
    """
    anchor = json.loads(line)
    at = datetime.fromisoformat(anchor["at"])
    return f"{anchor['instance']}/{at:%Y%m%dT%H%M%S.%fZ}-{anchor['sequence']:020}.json"


def _find_fall(highest: Anchor, anchor: Anchor) -> str:
    """Return words for a chain that was shorter than before; two workers may write at the same moment."""
    later = datetime.fromisoformat(anchor["at"]) - datetime.fromisoformat(highest["at"])
    if anchor["sequence"] >= highest["sequence"] or later < _MAX_DELAY:
        return ""
    ends = [f"{one['sequence']} at {one['at']}" for one in (highest, anchor)]
    return f"An older state was put back: the chain's end fell from event {' to '.join(ends)}"


def _find_fault(anchor: Anchor) -> str:
    saw = f"the anchor of {anchor['at']} saw"
    there = Event.objects.filter(sequence=anchor["sequence"]).values_list("hash", flat=True).first()
    if there == anchor["hash"]:
        return ""
    if there is not None:
        return f"Event {anchor['sequence']} is another than {saw}: the end was cut off and written anew"
    last = Event.objects.order_by("sequence").values_list("sequence", flat=True).last() or 0
    if last < anchor["sequence"]:
        return f"Events after {last} were cut off: {saw} {anchor['sequence']}"
    return ""  # it was moved to a file


def _read_each(lines: Iterable[str]) -> Iterator[tuple[int, Anchor | str]]:
    """Yield each anchor of this instance with the number of its line, or why it is none."""
    keys = {_name_key(key): (place, key.public_key()) for place, key in enumerate(_list_keys())}
    newest = len(keys)
    for number, line in enumerate(lines, 1):
        try:
            facts = json.loads(line)
            place, key = keys.get(facts["key"], (len(keys), None))
            signature = bytes.fromhex(facts.pop("signature"))
            if key:
                key.verify(signature, write_canonical(facts).encode())
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, InvalidSignature):
            yield number, "was changed, or is none"
            return
        if key is None:
            yield number, "was signed by a key that is not among DASHBOARD_ANCHOR_KEYS"
        elif place > newest:
            yield number, "was signed by an older key than a line before it"
        elif facts["instance"] == settings.ALLOWED_HOSTS[0]:
            newest = place
            yield number, facts


def _list_keys() -> list[Ed25519PrivateKey]:
    return [
        Ed25519PrivateKey.from_private_bytes(derive_key(key, "anchor"))
        for key in settings.DASHBOARD_ANCHOR_KEYS
    ]


def _name_key(key: Ed25519PrivateKey) -> str:
    """Return the public key, as 64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()
