"""What reads text from outside takes a time that grows with the text's length, and no faster."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

import dashboard
from dashboard import logs, origins
from dashboard.arrivals import Arrival
from dashboard.lookups import parsing, references
from dashboard.vault import RateLimit, VaultError, check_media_id, filter_media_link, parse_base_url
from dashboard.vault.responses import Effect, Redactor, classify_response, parse_retry_after
from dashboard.web import ticket_links
from dashboard.web.forms.connection import RAW_ID_PATTERN, make_slug
from dashboard.web.forms.selection import check_id

pytestmark = pytest.mark.no_cover  # it measures times

SIZES: Final = (1_024, 4_096, 16_384, 65_536)
"""Letters. Those between are there so that a pattern that is not linear fails before it takes minutes."""

SLACK: Final = 6.0
"""So many times slower than linear is still put down to caches and a busy machine."""

FLOOR_SECONDS: Final = 0.0002
"""A shorter time says more of the clock than of the pattern."""

PIECES: Final = {
    "letter": "a",
    "capital": "A",
    "digit": "1",
    "space": " ",
    "tab": "\t",
    "quote": '"',
    "apostrophe": "'",
    "hyphen": "-",
    "underscore": "_",
    "dot": ".",
    "slash": "/",
    "comma": ",",
    "no-break space": "\u00a0",
    "control": "\x01",
    "half an emoji": "\ud83d",
    "letter dot": "a.",
    "digit dot": "1.",
    "digit comma": "1,",
    "digit space": "1 ",
    "thousands": "123,",
    "exponent": "1e",
    "scheme": "a+",
    "scheme colon": "a:",
    "scheme slash": "a:/",
    "link": "a://",
    "path": "/a",
    "our path": "/c/a/media/a",
    "their path": "/v2/vault-plus/media/a/",
    "connection": "conn_",
    "connections": "conn_a ",
    "a sign of RFC 5322": "(",
    "escaped": "%2F",
    "question": "?a=",
    "bracket": "[",
    "key": "key_5f1c",
}
"""What a hostile text repeats."""

ENDS: Final = ("", "!", "\n!")
"""What stands behind it, so that what has matched so far matches no longer."""


def modules() -> Iterator[ModuleType]:
    """Those of the program that have patterns of their own."""
    root = Path(dashboard.__path__[0])
    for path in sorted(root.rglob("*.py")):
        if re.search(r"^import re$|RegexValidator\(", path.read_text(), re.MULTILINE):
            parts = path.relative_to(root.parent).with_suffix("").parts
            if "migrations" not in parts:
                yield importlib.import_module(".".join(parts).removesuffix(".__init__"))


METHODS: Final = ("search", "match", "fullmatch", "sub", "subn", "findall", "finditer", "split")


def _call(pattern: re.Pattern[str], method: str) -> Callable[[str], object]:
    """The pattern as it is used: `method` of it, and all of what it finds."""
    if method in ("sub", "subn"):
        return lambda text: getattr(pattern, method)("", text)
    if method == "finditer":
        return lambda text: list(pattern.finditer(text))
    return getattr(pattern, method)  # type: ignore[no-any-return]


def patterns() -> Iterator[tuple[str, Callable[[str], object]]]:  # noqa: C901 - a shape of pattern each
    """Every pattern of the program with each method by which it is called anywhere, by a name."""
    found = {module.__name__: vars(module) for module in modules()}
    trees = {name: ast.parse(Path(facts["__file__"]).read_text()) for name, facts in found.items()}
    used: dict[int, set[str]] = {}
    for name, tree in trees.items():
        short = name.removeprefix("dashboard.")
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Attribute) and node.attr in METHODS):
                continue
            if isinstance(node.value, ast.Name) and isinstance(
                named := found[name].get(node.value.id), re.Pattern
            ):
                used.setdefault(id(named), set()).add(node.attr)
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=method),
                    args=[ast.Constant(value=str(text)), *_],
                ) if method in METHODS:
                    yield f"{short}:{node.lineno} {method}", _call(re.compile(text), method)
    for name, facts in found.items():
        short = name.removeprefix("dashboard.")
        for own, value in facts.items():
            if isinstance(value, RegexValidator) and name.endswith("models.connection"):
                yield f"{short}.{own}", _call(value.regex, "search")  # type: ignore[arg-type]
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                for method in sorted(used.get(id(value), ())):
                    yield f"{short}.{own} {method}", _call(value, method)


def _record_limits(text: str) -> None:
    names = ("x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-limit", "retry-after", "date")
    RateLimit().record("conn_1", 429, dict.fromkeys(names, text))


def _classify(text: str) -> None:
    body = b'{"error": "%b", "code": "%b", "requestId": "%b"}' % ((_json(text),) * 3)
    classify_response(Effect.READ, True, 400, {"retry-after": text}, body, REDACTOR)


def _json(text: str) -> bytes:
    return re.sub(rb'[\x00-\x1f"\\]', b" ", text.encode("utf-8", "replace"))


def _arrive_in_drips(text: str) -> None:
    arrival, head = Arrival(None, until=0), f"GET / HTTP/1.1\r\nX: {text}".encode("utf-8", "replace")
    for start in range(0, len(head), 16):
        arrival.take(head[start : start + 16])
        arrival.is_ready()


REDACTOR: Final = Redactor("key_5f1c9a", "conn_77d2")

READERS: Final[dict[str, Callable[[str], Any]]] = {
    "an error's words": REDACTOR.redact,
    "an error's words, the key of one letter": Redactor("a", "conn_a").redact,
    "an error": _classify,
    "Retry-After": parse_retry_after,
    "limits": _record_limits,
    "a link to media": lambda text: filter_media_link(f"https://{text}", ["https://media.ofauth.com"]),
    "the base address": lambda text: parse_base_url(f"https://{text}"),
    "a media id": check_media_id,
    "the search box": references.parse_target,
    "the search box, a link": lambda text: references.parse_target(f"https://a/{text}"),
    "pasted ids": parsing.parse_ids,
    "a pasted table": lambda text: parsing.parse_ids(f"media_id,b\n{text}"),
    "a ticket": ticket_links.clean_ticket,
    "an origin": lambda text: origins.parse_origin(f"https://{text}"),
    "a log line": logs.mask_ids,
    "a head in drips": _arrive_in_drips,
    "a box of the list": check_id,
    "a connection's name": RAW_ID_PATTERN.search,
    "a name in links": make_slug,
}
"""What reads text from outside by more than one pattern, or by the library's own parsers."""

EVERY: Final = {**dict(patterns()), **READERS}


def seconds(read: Callable[[str], Any], text: str, times: int = 1) -> float:
    """Processor time of this thread for one reading, the best of several."""
    best = float("inf")
    for _ in range(times):
        began = time.thread_time()
        with suppress(ValueError, VaultError, ValidationError):
            read(text)
        best = min(best, time.thread_time() - began)
    return max(best, FLOOR_SECONDS)


def slowest(read: Callable[[str], Any], piece: str, end: str) -> str:
    """By how much reading 64 kB is too slow against 1 kB; empty where it is not."""
    texts = [(piece * size)[: size - len(end)] + end for size in SIZES]
    first = seconds(read, texts[0])
    for size, text in zip(SIZES[1:], texts[1:], strict=True):
        allowed = SLACK * size / SIZES[0]
        if seconds(read, text) / first > allowed:  # once may be chance
            times = seconds(read, text, 2) / seconds(read, texts[0], 20)
            if times > allowed:
                return f"{size:,} letters take {times:,.0f} times as long as {SIZES[0]:,}"
    return ""


@pytest.mark.parametrize("name", EVERY)
def test_reading_takes_a_time_that_grows_with_the_length(name: str) -> None:
    for shape, piece in PIECES.items():
        for end in ENDS:
            assert not slowest(EVERY[name], piece, end), f"{shape}, and {end!r} at the end"


def test_the_patterns_of_every_kind_are_among_them() -> None:
    for name in ("vault.responses._LINK sub", "lookups.references._OURS search", "logs._CONNECTION_ID sub"):
        assert name in EVERY
    assert any(name.startswith("lookups.parsing:") for name in EVERY)


def test_a_pattern_that_is_not_linear_is_found() -> None:
    assert slowest(re.compile(r"[a-z][a-z.]*://").search, "a", "")
