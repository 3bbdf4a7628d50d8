"""The one function that sends: to a checked address, within a deadline and a size, as often as is safe."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar, cast
from urllib.parse import urlsplit

import msgspec
import requests
from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict
from tenacity import RetryCallState, Retrying, retry_if_result, wait_random_exponential

from .address import ACCOUNT_CONNECTIONS, COLLECTION, base_address
from .deadline import Clock, DeadlineAdapter, running
from .errors import BadRequest, Busy
from .query import checked_media_id
from .rate_limit import Pace
from .responses import AnotherItem, Effect, Failure, Redaction, judge, unanswered, unusable

T = TypeVar("T")

_MIB: Final = 1024 * 1024
LARGEST_READ: Final = 8 * _MIB
LARGEST_RESULT: Final = 64 * 1024
"""Decoded bytes of a delete's or purge's answer, and of any error body."""
LONGEST_URL: Final = 8192

_PIECE: Final = 64 * 1024
_JITTER: Final = wait_random_exponential(multiplier=0.25, max=4)
# What a header may hold and still arrive as it was written: Latin-1 without control characters.
_HEADER: Final = re.compile(r"[\x21-\x7e\xa1-\xff](?:[\x20-\x7e\xa0-\xff]{0,254}[\x21-\x7e\xa1-\xff])?")


@dataclass(frozen=True, slots=True)
class Operation:
    """One of those there are, by what tells them apart on the wire."""

    method: str
    effect: Effect = Effect.READ
    names_item: bool = False
    suffix: str = ""
    collection: str = COLLECTION

    @property
    def largest(self) -> int:
        """Decoded bytes its answer may have."""
        return LARGEST_READ if self.effect is Effect.READ else LARGEST_RESULT


QUERY: Final = Operation("GET")
GET: Final = Operation("GET", names_item=True)
BATCH: Final = Operation("POST", suffix="/batch")
DELETE: Final = Operation("DELETE", Effect.DELETE, names_item=True)
PURGE: Final = Operation("DELETE", Effect.PURGE)
CONNECTIONS: Final = Operation("GET", collection=ACCOUNT_CONNECTIONS)


class Places:
    """How many calls may be under way at once, and how many of them may remove something."""

    def __init__(self, calls: int = 16, removals: int = 2) -> None:
        self._calls = threading.BoundedSemaphore(calls)
        self._removals = threading.BoundedSemaphore(removals)

    def take(self, effect: Effect, clock: Clock) -> bool:
        """Wait for a place until the deadline; False when none came free."""
        removes = effect is not Effect.READ
        if removes and not self._removals.acquire(timeout=max(clock.left(), 0)):
            return False
        if self._calls.acquire(timeout=max(clock.left(), 0)):
            return True
        if removes:
            self._removals.release()
        return False

    def give_back(self, effect: Effect) -> None:
        self._calls.release()
        if effect is not Effect.READ:
            self._removals.release()


OF_THIS_PROCESS: Final = Places()


class Transport:
    """Sends the operations to one base address with one key. May be used by many threads at once.

    It uses the adapter of `requests` without a `requests.Session`: a session keeps cookies, looks the
    environment up for every call, and reads a redirect's whole body even when told not to follow it.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        verify: bool | str,
        pool_size: int,
        places: Places,
        pace: Pace | None = None,
    ) -> None:
        self.base = base_address(base_url)
        if not _HEADER.fullmatch(api_key):
            raise ValueError("The API key is empty, too long, or has characters that no header can carry.")
        if verify is False:
            raise ValueError("Certificates are always verified; give the path of a PEM file to trust others.")
        self._collection = self.base + COLLECTION
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.base))
        self._key = api_key
        self._headers = CaseInsensitiveDict(
            {
                "apiKey": api_key,
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": "vaultplus-dashboard",
            }
        )
        self._adapter = DeadlineAdapter(self.base, verify=verify, pool_size=pool_size)
        self._places, self.pace = places, pace or Pace()
        self._prepare(QUERY, "probe", None, None, None)  # the address survives being prepared, or say so now

    def __repr__(self) -> str:
        return f"Transport({self.base!r})"

    def close(self) -> None:
        """Close the connections that lie ready."""
        self._adapter.close()

    def call(
        self,
        operation: Operation,
        connection_id: str | None,
        decode: Callable[[bytes], T],
        clock: Clock,
        *,
        media_id: str | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> T:
        """What `decode` makes of the answer. Raises any VaultError; `decode` raises msgspec's or ValueError.

        Calls about media name a connection; one about the account must not. Failures travel as values up to
        here, so that no error carries a request, with its key, in its chain.
        """
        prepared = self._prepare(operation, connection_id, media_id, params, body)
        patience = clock.patience
        attempts = 1 if operation.effect is Effect.PURGE else patience.attempts

        def again(outcome: T | Failure) -> bool:
            if not isinstance(outcome, Failure) or not outcome.again:
                return False
            return outcome.pause is None or patience.longest_wait > 0

        def pause(state: RetryCallState) -> float:
            asked = _result(state).pause
            return _JITTER(state) if asked is None else min(asked, patience.longest_wait)

        def enough(state: RetryCallState) -> bool:
            return state.attempt_number >= attempts or state.upcoming_sleep >= clock.left()

        retrying = Retrying(
            retry=retry_if_result(again), wait=pause, stop=enough, retry_error_callback=_result
        )
        outcome: T | Failure = retrying(self._attempt, operation, prepared, decode, clock)
        if isinstance(outcome, Failure):
            raise outcome.error
        return outcome

    def _prepare(
        self,
        operation: Operation,
        connection_id: str | None,
        media_id: str | None,
        params: Mapping[str, str] | None,
        body: bytes | None,
    ) -> PreparedRequest:
        if operation.names_item != (media_id is not None):
            raise BadRequest("This call names an item where it must not, or names none where it must.")
        tail = operation.suffix if media_id is None else f"/{checked_media_id(media_id)}"
        address = self.base + operation.collection + tail
        prepared = PreparedRequest()
        prepared.method = operation.method
        prepared.headers = self._headers.copy()
        if connection_id is not None:
            prepared.headers["x-connection-id"] = _checked_connection_id(connection_id)
        prepared.body = body
        if body is not None:
            prepared.headers["Content-Type"] = "application/json"
            prepared.headers["Content-Length"] = str(len(body))
        try:
            prepared.prepare_url(address, dict(params) if params else None)
        except (requests.RequestException, ValueError):
            raise BadRequest("This cannot be written as a request.") from None
        self._check_address(operation, prepared, address, asks=bool(params))
        return prepared

    def _check_address(
        self, operation: Operation, prepared: PreparedRequest, address: str, *, asks: bool
    ) -> None:
        """Nothing may leave for another address than meant: one segment less, and a delete is a purge.

        Outside the media's collection nothing is done but read, and no connection is named.
        """
        url = prepared.url or ""
        path, _, question = url.partition("?")
        on_the_wire = self._origin + prepared.path_url.partition("?")[0]
        purges = prepared.method == "DELETE" and not on_the_wire.startswith(self._collection + "/")
        of_media = on_the_wire == self._collection or on_the_wire.startswith(self._collection + "/")
        if (
            path != address
            or on_the_wire != address
            or "#" in url
            or bool(question) != asks
            or purges != (operation.effect is Effect.PURGE)
            or of_media != ("x-connection-id" in prepared.headers)
            or not (of_media or prepared.method == "GET")
        ):
            raise BadRequest("The request would have gone to another address than meant. Nothing was sent.")
        if len(url) > LONGEST_URL:
            raise BadRequest("The filters or the cursor are too long. Nothing was sent.")

    def _attempt(
        self, operation: Operation, prepared: PreparedRequest, decode: Callable[[bytes], T], clock: Clock
    ) -> T | Failure:
        effect = operation.effect
        if not self._places.take(effect, clock):
            return Failure(Busy("Too many calls are under way from here; none came free. Nothing was sent."))
        clock.written = False
        token = running.set(clock)
        try:
            answer = self._exchange(operation, prepared, clock)
        finally:
            running.reset(token)
            self._places.give_back(effect)
        if isinstance(answer, Failure):
            return answer
        try:
            return decode(answer)
        except AnotherItem as other:
            return unusable(effect, str(other), status=200, again=True)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return unusable(effect, "The answer is not what the service promises.", status=200, again=True)

    def _exchange(self, operation: Operation, prepared: PreparedRequest, clock: Clock) -> bytes | Failure:
        """One request, and the whole body of a 200. An odd answer can make the libraries raise anything."""
        effect = operation.effect
        try:
            timeout = (clock.patience.connect, clock.patience.gap)
            response = self._adapter.send(prepared, stream=True, timeout=timeout)
        except Exception as broken:
            return unanswered(effect, clock.written, broken)
        status = response.status_code
        named = prepared.headers.get("x-connection-id")
        if named is not None:
            self.pace.note(str(named), status, response.headers)
        try:
            body = _body(response, operation.largest if status == 200 else LARGEST_RESULT)
        except _Unacceptable as broken:
            if status == 200:
                return unusable(effect, str(broken), status=status)
            body = b""
        except Exception as broken:
            if status == 200:
                return unanswered(effect, clock.written, broken)
            body = b""
        finally:
            response.raw.close()  # a connection whose answer was read whole is back in the pool by now
        if status == 200:
            return body
        redact = Redaction(self._key, *([str(named)] if named is not None else []))
        return judge(effect, operation.names_item, status, response.headers, body, redact)


class _Unacceptable(Exception):
    """A body that is not worth reading on."""


def _body(response: requests.Response, largest: int) -> bytes:
    # Other codings are not asked for, and not every decoder can be kept from filling the memory.
    if response.headers.get("content-encoding", "").strip().lower() not in ("", "identity", "gzip", "x-gzip"):
        raise _Unacceptable("The answer is compressed in a way that was not asked for.")
    pieces, size = [], 0
    for piece in response.raw.stream(_PIECE, decode_content=True):
        size += len(piece)
        if size > largest:
            raise _Unacceptable("The answer is larger than any the service promises.")
        pieces.append(piece)
    return b"".join(pieces)


def _result(state: RetryCallState) -> Failure:
    return cast("Failure", state.outcome.result() if state.outcome is not None else None)


def _checked_connection_id(text: str) -> str:
    """`text` if a header can carry it; raises BadRequest, which does not repeat it."""
    if not _HEADER.fullmatch(text):
        raise BadRequest("The connection ID is empty, too long, or has characters that no header can carry.")
    return text
