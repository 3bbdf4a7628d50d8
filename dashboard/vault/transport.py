"""The only code that sends: to a checked address, within a deadline and a size, as often as is safe."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar, cast
from urllib.parse import urlsplit

import msgspec
import requests
from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict
from tenacity import RetryCallState, Retrying, retry_if_result, wait_random_exponential

from .address import ACCOUNT_CONNECTIONS_PATH, MEDIA_PATH, parse_base_url
from .deadline import Deadline, DeadlineAdapter, current_deadline
from .errors import BadRequest, Unreachable
from .gate import Gate, Pass
from .query import check_media_id
from .responses import (
    Effect,
    FailedAttempt,
    ItemMismatch,
    Redactor,
    UnusableBody,
    classify_exception,
    classify_response,
    classify_unusable,
    read_body,
)

T = TypeVar("T")

_MIB: Final = 1024 * 1024
MAX_READ_BYTES: Final = 8 * _MIB
MAX_RESULT_BYTES: Final = 64 * 1024
"""Decoded bytes of a delete's or purge's answer, and of any error body."""
MAX_URL_LENGTH: Final = 8192

_JITTER: Final = wait_random_exponential(multiplier=0.25, max=4)
# What a header may hold and still arrive as it was written: Latin-1 without control characters.
_HEADER: Final = re.compile(r"[\x21-\x7e\xa1-\xff](?:[\x20-\x7e\xa0-\xff]{0,254}[\x21-\x7e\xa1-\xff])?")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API: method, path and effect."""

    method: str
    effect: Effect = Effect.READ
    names_item: bool = False
    suffix: str = ""
    collection: str = MEDIA_PATH


QUERY_MEDIA: Final = Operation("GET")
GET_MEDIA: Final = Operation("GET", names_item=True)
GET_BATCH: Final = Operation("POST", suffix="/batch")
DELETE_MEDIA: Final = Operation("DELETE", Effect.DELETE, names_item=True)
PURGE_CONNECTION: Final = Operation("DELETE", Effect.PURGE)
LIST_CONNECTIONS: Final = Operation("GET", collection=ACCOUNT_CONNECTIONS_PATH)


class Transport:
    """Sends operations to one base address with one key. Safe for many threads.

    It uses the adapter of `requests` without a `requests.Session`: a session keeps cookies, looks the
    environment up for every call, and reads a redirect's whole body even when told not to follow it.
    """

    def __init__(
        self, base_url: str, api_key: str, *, verify: bool | str, pool_size: int, gate: Gate
    ) -> None:
        self.base = parse_base_url(base_url)
        if not _HEADER.fullmatch(api_key):
            raise ValueError("The API key is empty, too long, or has characters that no header can carry.")
        if verify is False:
            raise ValueError("Certificates are always verified; give the path of a PEM file to trust others.")
        self._collection = self.base + MEDIA_PATH
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
        self._gate = gate
        self._prepare(QUERY_MEDIA, "probe", None, None, None)  # raises now if the address is changed by it

    def __repr__(self) -> str:
        return f"Transport({self.base!r})"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._adapter.close()

    def call(
        self,
        operation: Operation,
        connection_id: str | None,
        decode: Callable[[bytes], T],
        deadline: Deadline,
        *,
        media_id: str | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> T:
        """Send the operation and return the decoded response. Raises any VaultError.

        `decode` may raise msgspec's errors or ValueError. Calls about media name a connection; those about
        the account must not. Failures are passed as values up to here, so that no error carries a request,
        with its key, in its chain.
        """
        prepared = self._prepare(operation, connection_id, media_id, params, body)
        timeouts = deadline.timeouts
        if refusal := self._gate.find_refusal(connection_id, timeouts):
            raise refusal
        attempts = 1 if operation.effect is Effect.PURGE else timeouts.attempts

        def again(outcome: T | FailedAttempt) -> bool:
            if not isinstance(outcome, FailedAttempt) or not outcome.again:
                return False
            return outcome.pause is None or timeouts.max_pause > 0

        def pause(state: RetryCallState) -> float:
            asked = _get_failure(state).pause
            return _JITTER(state) if asked is None else min(asked, timeouts.max_pause)

        def enough(state: RetryCallState) -> bool:
            is_last = state.attempt_number >= attempts or state.upcoming_sleep >= deadline.remaining()
            return is_last or not self._gate.may_send()

        retrying = Retrying(
            retry=retry_if_result(again), wait=pause, stop=enough, retry_error_callback=_get_failure
        )
        outcome: T | FailedAttempt = retrying(self._attempt, operation, prepared, decode, deadline)
        if isinstance(outcome, FailedAttempt):
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
        tail = operation.suffix if media_id is None else f"/{check_media_id(media_id)}"
        address = self.base + operation.collection + tail
        prepared = PreparedRequest()
        prepared.method = operation.method
        prepared.headers = self._headers.copy()
        if connection_id is not None:
            prepared.headers["x-connection-id"] = _check_connection_id(connection_id)
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
        """Raise BadRequest if the request would go to another address than meant.

        With one segment less, a delete is a purge. Outside the path of media only GET is allowed, and no
        connection is named.
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
        if len(url) > MAX_URL_LENGTH:
            raise BadRequest("The filters or the cursor are too long. Nothing was sent.")

    def _attempt(
        self,
        operation: Operation,
        prepared: PreparedRequest,
        decode: Callable[[bytes], T],
        deadline: Deadline,
    ) -> T | FailedAttempt:
        way = self._gate.enter(operation.effect, deadline, prepared.headers.get("x-connection-id"))
        if isinstance(way, FailedAttempt):
            return way
        outcome: T | FailedAttempt = FailedAttempt(Unreachable("It broke off."))
        try:
            outcome = self._send_once(operation, prepared, decode, deadline, way)
            return outcome
        finally:
            failure = outcome if isinstance(outcome, FailedAttempt) else None
            self._gate.learn(way, failure, of_media="x-connection-id" in prepared.headers)

    def _send_once(
        self,
        operation: Operation,
        prepared: PreparedRequest,
        decode: Callable[[bytes], T],
        deadline: Deadline,
        way: Pass,
    ) -> T | FailedAttempt:
        effect = operation.effect
        deadline.has_written = False
        token = current_deadline.set(deadline)
        try:
            answer = self._exchange(operation, prepared, deadline)
        finally:
            current_deadline.reset(token)
            self._gate.free_place(way)
        if isinstance(answer, FailedAttempt):
            return answer
        try:
            return decode(answer)
        except UnusableBody as broken:
            return classify_unusable(effect, str(broken), status=200)
        except ItemMismatch as other:
            return classify_unusable(effect, str(other), status=200, again=True)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return classify_unusable(
                effect, "The answer is not what the service promises.", status=200, again=True
            )

    def _exchange(
        self, operation: Operation, prepared: PreparedRequest, deadline: Deadline
    ) -> bytes | FailedAttempt:
        """Send one request and return the whole body of a 200. The libraries may raise anything."""
        effect = operation.effect
        try:
            timeout = (deadline.timeouts.connect, deadline.timeouts.read)
            response = self._adapter.send(prepared, stream=True, timeout=timeout)
        except Exception as broken:
            return classify_exception(effect, deadline.has_written, broken)
        status = response.status_code
        named = prepared.headers.get("x-connection-id")
        if named is not None:
            self._gate.rate_limit.record(str(named), status, response.headers)
        try:
            has_media = status == 200 and effect is Effect.READ
            body = read_body(response, MAX_READ_BYTES if has_media else MAX_RESULT_BYTES)
        except UnusableBody as broken:
            if status == 200:
                return classify_unusable(effect, str(broken), status=status)
            body = b""
        except Exception as broken:
            if status == 200:
                return classify_exception(effect, deadline.has_written, broken, is_answered=True)
            body = b""
        finally:
            response.raw.close()  # a connection whose answer was read whole is back in the pool by now
        if status == 200:
            return body
        redact = Redactor(self._key, *([str(named)] if named is not None else []))
        return classify_response(effect, operation.names_item, status, response.headers, body, redact)


def _get_failure(state: RetryCallState) -> FailedAttempt:
    return cast("FailedAttempt", state.outcome.result() if state.outcome is not None else None)


def _check_connection_id(text: str) -> str:
    """Return `text` if a header can carry it; raise BadRequest, which does not repeat it, if not."""
    if not _HEADER.fullmatch(text):
        raise BadRequest("The connection ID is empty, too long, or has characters that no header can carry.")
    return text
