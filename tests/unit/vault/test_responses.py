from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.vault import (
    BadRequest,
    Busy,
    KeyRefused,
    NotCached,
    OutcomeUnknown,
    UnexpectedResponse,
    VaultError,
)
from dashboard.vault.responses import (
    MAX_INSPECTED_LENGTH,
    MAX_RETRY_AFTER_SECONDS,
    Effect,
    Redactor,
    classify_response,
    parse_retry_after,
)

KEY, CONNECTION = "key_5f1c9a", "conn_77d2"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def error(
    status: int, body: bytes | str = b"", effect: Effect = Effect.READ, *, item: bool = True, **headers: str
) -> VaultError:
    content = body.encode() if isinstance(body, str) else body
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify_response(effect, item, status, given_headers, content, Redactor(KEY, CONNECTION)).error


@pytest.mark.parametrize(
    ("body", "detail", "code", "request_id"),
    [
        ('{"error": "Media not found"}', "Media not found", None, None),
        (
            '{"error": "Expired", "type": "CONNECTION_EXPIRED", "requestId": "r-1", "actionRequired": "x"}',
            "Expired",
            "CONNECTION_EXPIRED",
            "r-1",
        ),
        ('{"error": "Bad", "code": "E_BAD", "details": {"a": 1}}', "Bad", "E_BAD", None),
        ('{"message": "Bad", "code": 4002, "details": []}', "Bad", "4002", None),
        ('{"error": null, "message": "Second choice"}', "Second choice", None, None),
        ('{"error": {"message": "nested"}, "message": "flat"}', "flat", None, None),
        ('{"error": "", "message": "  "}', "The service answered 400 (Bad Request).", None, None),
        ('{"error": ["a"], "requestId": 7}', "The service answered 400 (Bad Request).", None, "7"),
        ('["error"]', "The service answered 400 (Bad Request).", None, None),
        ("", "The service answered 400 (Bad Request).", None, None),
        ("<html><h1>400</h1></html>", "The service answered 400 (Bad Request).", None, None),
        (b'{"error": "\xff"}', "The service answered 400 (Bad Request).", None, None),
        ("[" * 100_000, "The service answered 400 (Bad Request).", None, None),
        ('{"error": ' + "[" * 60_000, "The service answered 400 (Bad Request).", None, None),
    ],
)
def test_words_of_the_service(
    body: bytes | str, detail: str, code: str | None, request_id: str | None
) -> None:
    said = error(400, body)
    assert isinstance(said, BadRequest)
    assert (said.detail, said.code, said.request_id, said.status) == (detail, code, request_id, 400)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Key {KEY} is unknown", "Key ••• is unknown"),
        (f"{CONNECTION.upper()} expired", "••• expired"),
        (f"a {KEY[:4]}\r\n{KEY[4:]} b", f"a {KEY[:4]} {KEY[4:]} b"),
        ("see https://media.ofauth.com/v2/signed?x=1 for it", "see [link] for it"),
        ("a\nb\tc\x00d\x1b[31m\u202ee", "a b c d [31m e"),
        ("x" * 299 + KEY, "x" * 299 + "•"),
    ],
)
def test_words_are_shown_without_secrets_links_and_control_characters(text: str, shown: str) -> None:
    assert Redactor(KEY, CONNECTION).redact(text) == shown


def test_short_secret_is_taken_out_where_it_stands_alone() -> None:
    assert Redactor("k", "c1").redact("key k asked c1 back") == "key ••• asked ••• back"


@given(st.text(max_size=400), st.sampled_from([KEY, CONNECTION]), st.text(max_size=400))
def test_shown_words_hold_no_secret_and_no_more_than_300_characters(
    before: str, secret: str, after: str
) -> None:
    shown = Redactor(KEY, CONNECTION).redact(before + secret + after)
    assert secret not in shown
    assert len(shown) <= 300
    assert all(character >= " " for character in shown)


@pytest.mark.parametrize("secret", [KEY, CONNECTION, KEY.upper(), "conn_of_another"])
@pytest.mark.parametrize("padding", ["\0", " ", "\u2028", "a \n"])
def test_no_part_of_a_secret_is_left_where_a_long_text_is_cut(secret: str, padding: str) -> None:
    """Control characters and spaces fold to one, so that what stands at the cut may come to be shown."""
    for before_the_cut in range(len(secret) + 2):
        lead = (padding * MAX_INSPECTED_LENGTH)[: MAX_INSPECTED_LENGTH - before_the_cut]
        shown = Redactor(KEY, CONNECTION).redact(lead + secret + " and more" * 99, MAX_INSPECTED_LENGTH)
        for length in range(5, len(secret) + 1):
            assert secret[:length].lower() not in shown.lower().replace("conn_", "")


def test_what_stands_before_the_cut_is_shown() -> None:
    redact = Redactor(KEY, CONNECTION)
    assert redact.redact("The reason first. " + "x" * 70_000).startswith("The reason first. xxx")
    assert redact.redact("\0" * 4000 + "late " + "y" * 4000) == "late " + "y" * (
        MAX_INSPECTED_LENGTH - 4005 - len(KEY)
    )


@pytest.mark.parametrize("scheme", ["https", "HTTP", "a" * 32, "x-app+v1.2", "a" * 900])
def test_a_link_of_any_scheme_is_not_shown(scheme: str) -> None:
    shown = Redactor(KEY, CONNECTION).redact(f"see {scheme}://media.ofauth.com/v2/signed?x=1 now", 4000)
    assert "ofauth" not in shown
    assert shown.endswith("[link] now")


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize(
    ("status", "kind"), [(401, KeyRefused), (403, KeyRefused), (404, NotCached), (429, Busy)]
)
def test_refusals_mean_the_same_for_reads_and_removals(
    effect: Effect, status: int, kind: type[VaultError]
) -> None:
    assert type(error(status, effect=effect)) is kind


@pytest.mark.parametrize("status", [400, 402, 405, 409, 410, 418, 422, 499])
def test_any_other_4xx_is_a_bad_request(status: int) -> None:
    assert type(error(status)) is BadRequest


@pytest.mark.parametrize("status", [100, 201, 204, 301, 304, 500, 502, 503, 504, 599, 700])
def test_anything_else_is_unexpected_for_a_read_and_unknown_for_a_removal(status: int) -> None:
    assert type(error(status)) is UnexpectedResponse
    assert type(error(status, effect=Effect.DELETE)) is OutcomeUnknown
    assert type(error(status, effect=Effect.PURGE)) is OutcomeUnknown


def test_503_with_retry_after_is_busy_but_never_for_a_purge() -> None:
    asked = error(503, retry_after="7")
    assert isinstance(asked, Busy)
    assert asked.retry_after == 7
    assert isinstance(error(503, effect=Effect.DELETE, retry_after="7"), Busy)
    assert isinstance(error(503, effect=Effect.PURGE, retry_after="7"), OutcomeUnknown)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 7 ", 7),
        ("120", 120),
        ("21600", 21_600),
        ("9" * 30, MAX_RETRY_AFTER_SECONDS),
        ("9" * 5000, MAX_RETRY_AFTER_SECONDS),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("1e3", None),
        ("NaN", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Mon, 01 Jun 2026 12:00:30 GMT", 30),
        ("Mon, 01 Jun 2026 12:00:30 -0000", 30),
        ("Mon, 01 Jun 2026 14:00:30 +0200", 30),
        ("Monday, 01-Jun-26 12:00:30 GMT", 30),
        ("Mon, 01 Jun 2099 12:00:30 GMT", MAX_RETRY_AFTER_SECONDS),
        ("Mon, 32 Jun 2026 12:00:30 GMT", None),
        ("Mon, 01 Jun 99999 12:00:30 GMT", None),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


@given(st.integers(0, 80_000))
def test_retry_after_as_a_date_is_the_seconds_until_then(seconds: int) -> None:
    assert parse_retry_after(format_datetime(NOW + timedelta(seconds=seconds), usegmt=True), NOW) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_raises_or_is_out_of_bounds(text: str) -> None:
    seconds = parse_retry_after(text)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_SECONDS
