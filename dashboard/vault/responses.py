"""What an answer other than a good 200 means: which error, in whose words, and whether to ask again."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Final, TypedDict

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
    UnexpectedAnswer,
    Unreachable,
    VaultError,
)
from .query import MEDIA_ID

LONGEST_DETAIL: Final = 300
LONGEST_READ: Final = 4096
"""Characters of a text of the service that are looked at; whatever stands behind them is never shown."""

LONGEST_RETRY_AFTER: Final = 86_400.0
"""Seconds; a service that asks for more than a day is understood as asking for a day."""

_PASSING: Final = frozenset({500, 502, 503, 504})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
# No scheme has more letters than that; without a limit a text of one letter would be gone through again and
# again, from each of its letters to its end.
_LINK: Final = re.compile(r"[a-z][a-z0-9+.-]{0,31}://\S+", re.IGNORECASE)


class Effect(Enum):
    """What a call does to the cache, and so what may be concluded when no usable answer comes."""

    READ = "read"
    DELETE = "delete"
    PURGE = "purge"


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed: may it be made `again`, and after how many seconds, where the service said?"""

    error: VaultError
    again: bool = False
    pause: float | None = None


class AnotherItem(ValueError):
    """An answer about another item than was asked; the text names it, where it can be a media id at all."""

    def __init__(self, answered: str) -> None:
        named = f" ({answered})" if MEDIA_ID.fullmatch(answered) else ""
        super().__init__(f"The service answered about another item{named}.")


class _Facts(TypedDict):
    status: int
    code: str | None
    request_id: str | None


class Redaction:
    """Takes the key and connection ids, the one that was sent or any, out of texts that the service wrote."""

    def __init__(self, *secrets: str) -> None:
        # A secret of a few letters is only one where it stands alone, or no word would survive.
        shapes = (
            re.escape(secret) if len(secret) > 3 else rf"(?<!\w){re.escape(secret)}(?!\w)"
            for secret in sorted(secrets, key=len, reverse=True)
        )
        self._secret = re.compile("|".join((*shapes, r"\bconn_\w+")), re.IGNORECASE)
        self._longest_secret = max(map(len, secrets), default=0)

    def clean(self, text: str, longest: int = LONGEST_DETAIL) -> str:
        """Return one line of at most `longest` characters without secrets, links or control characters."""
        line = self._secret.sub("•••", _CONTROL.sub(" ", text[:LONGEST_READ]))
        if len(text) > LONGEST_READ:
            # The cut may have left the first part of a secret at the end, which no pattern knows.
            line = line[: max(len(line) - self._longest_secret, 0)]
        line = _LINK.sub("[link]", line)
        return " ".join(self._secret.sub("•••", line).split())[:longest]


def judge(
    effect: Effect, names_item: bool, status: int, headers: Mapping[str, str], body: bytes, redact: Redaction
) -> Failure:
    """The failure that an answer with a `status` other than 200 stands for.

    Only a delete or purge that was clearly refused counts as not done: any 5xx may come from a gateway in
    front of a service that has done it. A delete is asked again only where the service said when.
    """
    said = _Said.read(body, redact)
    facts: _Facts = {"status": status, "code": said.code, "request_id": said.request_id}
    detail = said.text or _sentence(status, names_item)
    asked = retry_after(headers.get("retry-after"))
    reads = effect is Effect.READ
    if status == 429 or (status == 503 and asked is not None and effect is not Effect.PURGE):
        again = reads or (effect is Effect.DELETE and asked is not None)
        return Failure(Busy(detail, retry_after=asked, **facts), again, asked)
    if status in (401, 403):
        return Failure(KeyRefused(detail, **facts))
    if status == 404 and names_item:
        return Failure(NotCached(detail, **facts))
    if 400 <= status < 500:
        return Failure(BadRequest(detail, **facts))
    if not reads:
        return Failure(OutcomeUnknown(detail, **facts))
    return Failure(UnexpectedAnswer(detail, **facts), again=status in _PASSING)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait as a `Retry-After` header says, in seconds or as a date; None where it makes no sense.

    Negative numbers, moments gone by and anything else are no wish to wait. At most LONGEST_RETRY_AFTER.
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]+", text):
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # "-0000": the time is UTC, its author's zone unknown (RFC 5322, 3.3)
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(seconds, LONGEST_RETRY_AFTER) if seconds >= 0 else None


def unanswered(effect: Effect, written: bool, broken: Exception) -> Failure:
    """The failure for an exchange that broke: without a byte `written`, nothing can have happened."""
    if not written:
        return Failure(Unreachable(_why_unsent(broken)), again=True)
    late = _involves(broken, TimeoutError, UrllibTimeout, requests.Timeout)
    why = "The answer did not come in time." if late else "The connection broke before the answer was whole."
    if effect is Effect.READ and (late or _involves(broken, ConnectionError, ssl.SSLError)):
        return Failure(Unreachable(why), again=True)
    return unusable(effect, why, again=True)


def unusable(effect: Effect, why: str, *, status: int | None = None, again: bool = False) -> Failure:
    """The failure for an answer that came and says nothing: a removal may or may not have happened."""
    if effect is Effect.READ:
        return Failure(UnexpectedAnswer(why, status=status), again=again)
    return Failure(OutcomeUnknown(why, status=status))


def _why_unsent(broken: Exception) -> str:
    if _involves(broken, NameResolutionError):
        return "The name in the service's address is not known here."
    if _involves(broken, NewConnectionError):  # before the timeouts: urllib3 derives it from one
        return "The connection was refused, or no way leads to the service from here."
    if _involves(broken, TimeoutError, UrllibTimeout, requests.Timeout):
        return "No connection came about in time."
    if _involves(broken, ssl.SSLError, requests.exceptions.SSLError):
        return "No secure connection came about; is the service's certificate the right one?"
    return "No connection came about."


def _involves(broken: BaseException, *kinds: type[BaseException]) -> bool:
    return any(isinstance(one, kinds) for one in _causes(broken))


def _causes(broken: BaseException) -> Iterator[BaseException]:
    """`broken` and what lies under it: `requests` and urllib3 wrap errors as arguments and `reason`s."""
    waiting, seen = [broken], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        under = (*one.args, getattr(one, "reason", None), one.__cause__)
        waiting += [other for other in under if isinstance(other, BaseException)]


@dataclass(frozen=True, slots=True)
class _Said:
    """The service's own words. Four shapes of error body are seen on the vendor's pages: `{error}`,
    `{error, type, requestId, actionRequired?}`, `{error, code, details}` and `{message, code, details}`.
    """

    text: str
    code: str | None
    request_id: str | None

    @classmethod
    def read(cls, body: bytes, redact: Redaction) -> _Said:
        try:
            fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return cls("", None, None)

        def text_of(*names: str, longest: int = LONGEST_DETAIL) -> str | None:
            for name in names:
                try:
                    value = msgspec.json.decode(fields[name], type=str | int)
                except (KeyError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    continue
                if cleaned := redact.clean(str(value), longest):
                    return cleaned
            return None

        return cls(
            text_of("error", "message") or "",
            text_of("type", "code", longest=100),
            text_of("requestId", longest=100),
        )


def _sentence(status: int, names_item: bool) -> str:
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
