"""Reads a response, and classifies one other than a good 200: as which error, and whether to call again."""

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

import msgspec
import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.exceptions import TimeoutError as UrllibTimeout

from .errors import (
    BadRequest,
    Busy,
    KeyRefused,
    NotCached,
    OutcomeUnknown,
    UnexpectedResponse,
    Unreachable,
    VaultError,
)
from .query import MEDIA_ID

MAX_DETAIL_LENGTH: Final = 300
MAX_INSPECTED_LENGTH: Final = 4096
"""The part of a text that is searched for secrets; the rest is never shown."""

MAX_RETRY_AFTER_SECONDS: Final = 86_400.0
"""One day. A longer wish counts as this one."""

_CHUNK_BYTES: Final = 64 * 1024
_PASSING: Final = frozenset({408, 425, 500, 502, 503, 504})
"""Statuses after which a read is repeated: 408 and 425 say that the request came too slowly, or too soon."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
# No scheme has more letters than that; without a limit a text of one letter would be gone through again and
# again, from each of its letters to its end.
_LINK: Final = re.compile(r"[a-z][a-z0-9+.-]{0,31}://\S+", re.IGNORECASE)


class Effect(Enum):
    """The effect of a call on the cache, which decides what a lost response may mean."""

    READ = "read"
    DELETE = "delete"
    PURGE = "purge"


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A failed attempt: `again` if it may be repeated, after the `pause` in seconds that was asked for.

    With `is_answered` a 200 came whose body is of no use: of this call, that is; the service is alive.
    """

    error: VaultError
    again: bool = False
    pause: float | None = None
    is_answered: bool = False

    @property
    def is_of_service(self) -> bool:
        """True if the service was not reached, fell silent, broke off, or answered from 500 on."""
        return not self.is_answered and (self.error.status is None or self.error.status >= 500)


class ItemMismatch(ValueError):
    """A response about another item than asked for. The text names it if its id is a valid one."""

    def __init__(self, answered: str) -> None:
        named = f" ({answered})" if MEDIA_ID.fullmatch(answered) else ""
        super().__init__(f"The service answered about another item{named}.")


class UnusableBody(Exception):
    """A body that is not worth reading any further."""


def read_body(response: requests.Response, max_bytes: int) -> bytes:
    """Return the whole body, decoded. Raises UnusableBody, and whatever the libraries raise."""
    # Other codings are not asked for, and not every decoder can be kept from filling the memory.
    if response.headers.get("content-encoding", "").strip().lower() not in ("", "identity", "gzip", "x-gzip"):
        raise UnusableBody("The answer is compressed in a way that was not asked for.")
    pieces, size = [], 0
    for piece in response.raw.stream(_CHUNK_BYTES, decode_content=True):
        size += len(piece)
        if size > max_bytes:
            raise UnusableBody("The answer is larger than any the service promises.")
        pieces.append(piece)
    return b"".join(pieces)


class Redactor:
    """Removes the key and all connection ids from texts that the service wrote."""

    def __init__(self, *secrets: str) -> None:
        # A secret of a few letters is only one where it stands alone, or no word would survive.
        shapes = (
            re.escape(secret) if len(secret) > 3 else rf"(?<!\w){re.escape(secret)}(?!\w)"
            for secret in sorted(secrets, key=len, reverse=True)
        )
        self._secret = re.compile("|".join((*shapes, r"\bconn_\w+")), re.IGNORECASE)
        self._longest_secret = max(map(len, secrets), default=0)

    def redact(self, text: str, max_length: int = MAX_DETAIL_LENGTH) -> str:
        """Return one line of at most `max_length` characters without secrets, links or control characters."""
        line = self._secret.sub("•••", _CONTROL.sub(" ", text[:MAX_INSPECTED_LENGTH]))
        if len(text) > MAX_INSPECTED_LENGTH:
            # The cut may have left the first part of a secret at the end, which no pattern knows.
            line = line[: max(len(line) - self._longest_secret, 0)]
        line = _LINK.sub("[link]", line)
        return " ".join(self._secret.sub("•••", line).split())[:max_length]


def classify_response(
    effect: Effect, names_item: bool, status: int, headers: Mapping[str, str], body: bytes, redact: Redactor
) -> FailedAttempt:
    """Return the failure that a response with a `status` other than 200 stands for.

    A delete or purge counts as not done only if it was clearly refused: any 5xx may come from a gateway in
    front of a service that has done it. A delete is repeated only if the service said when.
    """
    text, code, request_id = _read_error_body(body, redact)
    facts: dict[str, Any] = {"status": status, "code": code, "request_id": request_id}
    detail = text or _describe_status(status, names_item)
    asked = parse_retry_after(headers.get("retry-after"))
    reads = effect is Effect.READ
    if status == 429 or (status == 503 and asked is not None and effect is not Effect.PURGE):
        again = reads or (effect is Effect.DELETE and asked is not None)
        return FailedAttempt(Busy(detail, retry_after=asked, **facts), again, asked)
    if status in (401, 403):
        return FailedAttempt(KeyRefused(detail, **facts))
    if status == 404 and names_item:
        return FailedAttempt(NotCached(detail, **facts))
    if 400 <= status < 500 and not (reads and status in _PASSING):
        return FailedAttempt(BadRequest(detail, **facts))
    if not reads:
        return FailedAttempt(OutcomeUnknown(detail, **facts))
    return FailedAttempt(UnexpectedResponse(detail, **facts), again=status in _PASSING)


def parse_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, in seconds or as a date, or None.

    At most MAX_RETRY_AFTER_SECONDS. Negative numbers, dates in the past and anything else give None.
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]+", text):
        return min(float(text), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # "-0000": the time is UTC, its author's zone unknown (RFC 5322, 3.3)
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(seconds, MAX_RETRY_AFTER_SECONDS) if seconds >= 0 else None


def classify_exception(
    effect: Effect, written: bool, broken: Exception, *, is_answered: bool = False
) -> FailedAttempt:
    """Return the failure for an exchange that broke, if `is_answered` within the body of a 200.

    If no byte was `written`, nothing can have happened.
    """
    if not written:
        return FailedAttempt(Unreachable(_explain_unsent(broken)), again=True)
    late = _is_caused_by(broken, TimeoutError, UrllibTimeout, requests.Timeout)
    why = "The answer did not come in time." if late else "The connection broke before the answer was whole."
    has_ended = late or _is_caused_by(broken, ConnectionError, ssl.SSLError)
    if effect is Effect.READ and has_ended:
        return FailedAttempt(Unreachable(why), again=True)
    return classify_unusable(effect, why, again=True, is_answered=is_answered and not has_ended)


def classify_unusable(
    effect: Effect, why: str, *, status: int | None = None, again: bool = False, is_answered: bool = True
) -> FailedAttempt:
    """Return the failure for a response that cannot be used: a removal may or may not have happened."""
    if effect is Effect.READ:
        return FailedAttempt(UnexpectedResponse(why, status=status), again=again, is_answered=is_answered)
    return FailedAttempt(OutcomeUnknown(why, status=status), is_answered=is_answered)


def _explain_unsent(broken: Exception) -> str:
    if _is_caused_by(broken, NameResolutionError):
        return "The name in the service's address is not known here."
    if _is_caused_by(broken, NewConnectionError):  # before the timeouts: urllib3 derives it from one
        return "The connection was refused, or no way leads to the service from here."
    if _is_caused_by(broken, TimeoutError, UrllibTimeout, requests.Timeout):
        return "No connection came about in time."
    if _is_caused_by(broken, ssl.SSLError, requests.exceptions.SSLError):
        return "No secure connection came about; is the service's certificate the right one?"
    return "No connection came about."


def _is_caused_by(broken: BaseException, *kinds: type[BaseException]) -> bool:
    return any(isinstance(one, kinds) for one in _iterate_causes(broken))


def _iterate_causes(broken: BaseException) -> Iterator[BaseException]:
    """Yield `broken` and its causes: `requests` and urllib3 wrap errors as arguments and `reason`s."""
    waiting, seen = [broken], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        under = (*one.args, getattr(one, "reason", None), one.__cause__)
        waiting += [other for other in under if isinstance(other, BaseException)]


def _read_error_body(body: bytes, redact: Redactor) -> tuple[str | None, str | None, str | None]:
    """Return an error's text, code and request id, redacted, as far as the body gives them.

    The vendor's pages show four shapes: `{error}`, `{error, type, requestId, actionRequired?}`,
    `{error, code, details}` and `{message, code, details}`.
    """
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, None, None

    def find_text(*names: str, max_length: int = MAX_DETAIL_LENGTH) -> str | None:
        for name in names:
            with suppress(KeyError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                value = msgspec.json.decode(fields[name], type=str | int)
                if cleaned := redact.redact(str(value), max_length):
                    return cleaned
        return None

    text, code = find_text("error", "message"), find_text("type", "code", max_length=100)
    return text, code, find_text("requestId", max_length=100)


def _describe_status(status: int, names_item: bool) -> str:
    if status == 404:
        if names_item:
            return "The service has nothing under this ID, or the base address is wrong."
        return "The service knows no such address; the base address may be wrong."
    if 300 <= status < 400:
        return f"The service pointed to another address ({status}), which is never followed."
    try:
        phrase = f" ({HTTPStatus(status).phrase})"
    except ValueError:
        phrase = ""
    return f"The service answered {status}{phrase}."
