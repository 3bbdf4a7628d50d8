"""An answer to a removal that contradicts what was seen is settled by reading, and told as it is; refusals
are told in the service's own words."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest

from dashboard import audit
from dashboard.models import Connection, Event, Removal, RemovalState
from dashboard.sandbox import Sandbox
from dashboard.web.presenters.removal import write_outcome_message
from tests import answers, make
from tests.answers import words_in
from tests.make import Browser, deletes
from tests.wire import item, variant

Fault = dict[str, Any]
ITEM = "odd-many"
"""336.0 kB in several variants."""


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def press(operator: Browser) -> tuple[int, str, Removal]:
    """Delete the item from its page: the answer's status, its words, and the record."""
    answer = operator.post(f"/c/small/media/{ITEM}/delete/")
    return answer.status_code, unescape(words_in(answers.text(answer))), Removal.objects.get()


def success(**fields: Any) -> Fault:
    return {"status": 200, "body": {"success": True, "mediaId": ITEM, "freedBytes": 0, **fields}}


NOTHING: list[tuple[Fault, str]] = [
    (success(), "it succeeded, but: 0 B freed. Seen before:"),
    (success(freedBytes=0.0), "it succeeded, but: 0 B freed. Seen before:"),
    (success(mediaId="7", freedBytes=5), "about another item (7)"),
    (success(mediaId="conn_abcdef"), "about another item."),
    (success(success=False, freedBytes=5), "it removed nothing, but: 5 B freed"),
]


@pytest.mark.parametrize(("fault", "told"), NOTHING)
def test_a_delete_whose_answer_contradicts_what_was_seen_is_read(
    operator: Browser, sandbox: Sandbox, fault: Fault, told: str
) -> None:
    sandbox.faults.add(method="DELETE", **fault)
    status, words, record = press(operator)
    assert (status, record.state) == (409, RemovalState.VERIFIED_PRESENT)
    assert f"{ITEM} is still there" in words
    assert "made no sense" in words
    assert told in words
    assert "lost" not in words
    assert "is gone" not in words
    assert deletes(sandbox) == [f"/v2/vault-plus/media/{ITEM}"]
    page = unescape(words_in(answers.text(operator.get(record.get_absolute_url()))))
    assert told in page
    assert "made no sense" in page


EITHER = "Nothing of it was cached before, either."


@pytest.mark.parametrize(
    ("statuses", "is_told"),
    [(["removed"], True), (["removed", "removed"], True), (["removed", "stored"], False)],
)
def test_of_one_that_was_gone_before_it_is_told_so(
    operator: Browser, sandbox: Sandbox, statuses: list[str], is_told: bool
) -> None:
    before = item(ITEM, media={f"{place}": variant(status=one) for place, one in enumerate(statuses)})
    gone = item(ITEM, media={"full": variant(status="removed")})
    sandbox.faults.add(method="GET", body=before)
    sandbox.faults.add(method="DELETE", close=True)
    sandbox.faults.add(method="GET", body=gone)
    status, words, record = press(operator)
    assert (status, record.state) == (200, RemovalState.VERIFIED_GONE)
    assert "so we looked: nothing is left in the cache." in words
    assert (EITHER in words) is is_told


@pytest.mark.parametrize(
    ("seen", "is_told"),
    [
        ({"variants_seen": 2, "variants_by_state": {"removed": 2}, "at_least": False}, True),
        ({"variants_seen": 0, "variants_by_state": {}, "at_least": False}, True),
        ({"variants_seen": 2, "variants_by_state": {"removed": 2}, "at_least": True}, False),
        ({"variants_seen": 2, "variants_by_state": {"removed": 1}, "at_least": False}, False),
        ({}, False),
    ],
)
def test_of_a_purge_too(seen: dict[str, object], is_told: bool) -> None:
    record = Removal(verb="purge", state=RemovalState.VERIFIED_GONE, connection_label="Studio A", before=seen)
    assert (EITHER in write_outcome_message(record).next) is is_told


@pytest.mark.parametrize(("fault", "told"), NOTHING)
def test_one_that_took_effect_all_the_same_is_told_so(
    operator: Browser, sandbox: Sandbox, fault: Fault, told: str
) -> None:
    sandbox.faults.add(method="DELETE", act=True, **fault)
    status, words, record = press(operator)
    assert (status, record.state) == (200, RemovalState.VERIFIED_GONE)
    assert "so we looked: nothing is left in the cache" in words
    assert told in words
    assert "lost" not in words
    assert len(deletes(sandbox)) == 1
    assert audit.verify().broken is None
    assert audit.find_difference() is None


def test_nothing_freed_of_what_held_nothing_is_no_contradiction(
    operator: Browser, small: Connection, sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="GET", path=f"{ITEM}$", body=an_item(sizeBytes=0))
    sandbox.faults.add(method="DELETE", act=True, **success())
    assert press(operator)[2].state == RemovalState.DELETED
    assert make.operations(sandbox) == ["get", "delete"]


def test_variants_that_were_removed_already_free_nothing(
    operator: Browser, small: Connection, sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="GET", path=f"{ITEM}$", body=an_item(status="removed", sizeBytes=1124))
    sandbox.faults.add(method="DELETE", act=True, **success())
    assert press(operator)[2].state == RemovalState.DELETED


def an_item(**fields: Any) -> dict[str, Any]:
    variant = {
        **{"status": "stored", "quality": "full", "sizeBytes": 1124, "contentType": "image/png"},
        **{"accessCount": 0, "createdAt": 1715800000000, "expiresAt": 1715886400000, "storedAt": None},
        **{"lastAccessedAt": 0, "url": "", **fields},
    }
    return {"id": ITEM, "type": "image", "duration": None, "media": {"full": variant}}


@pytest.mark.parametrize(
    ("number", "freed", "odd"),
    [
        ("1124.0", 1124, ""),
        ("1.5e3", 1500, ""),
        ("1024.5", None, "freedBytes 1024.5 (not a whole number)"),
        ("-3", None, "freedBytes -3 (negative)"),
        ("1e300", None, "freedBytes 1e300 (too large)"),
        ("1e9999", None, "freedBytes 1e9999 (too large)"),
        ("18446744073709551616", None, "freedBytes 18446744073709551616 (too large)"),
    ],
)
def test_any_number_of_the_contract_is_accepted(
    operator: Browser, sandbox: Sandbox, number: str, freed: int | None, odd: str
) -> None:
    body = f'{{"success": true, "mediaId": "{ITEM}", "freedBytes": {number}}}'
    sandbox.faults.add(method="DELETE", act=True, status=200, body=body)
    status, words, record = press(operator)
    assert (status, record.state, record.freed_bytes) == (200, RemovalState.DELETED, freed)
    assert f"Deleted {ITEM}" in words
    assert odd in words
    assert ("freed" in words.partition("Detail")[0]) is (freed is not None)
    told = json.loads(Event.objects.get(code="media.delete.deleted").line)["result"]
    assert told["freed_bytes"] == freed
    assert told.get("odd") == ([odd] if odd else None)
    assert audit.find_difference() is None


@pytest.mark.parametrize("status", [402, 405, 409, 412, 422, 423, 451])
def test_a_refusal_is_told_in_the_services_own_words(
    operator: Browser, sandbox: Sandbox, status: int
) -> None:
    sandbox.faults.add(method="DELETE", status=status, body={"message": "busy"})
    code, words, record = press(operator)
    assert (code, record.state) == (409, RemovalState.REJECTED)
    assert f"The service answered {status}: “busy”" in words
    assert "still there" in words
    assert "lost" not in words
    assert len(deletes(sandbox)) == 1
    assert "Try again" in words


def test_a_refusal_without_words_has_its_status(operator: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", status=409, body="")
    assert "The service answered 409 (Conflict). Nothing was removed" in press(operator)[1]


@pytest.mark.parametrize("status", [204, 202, 205, 206])
@pytest.mark.parametrize(
    ("acts", "state"), [(True, RemovalState.VERIFIED_GONE), (False, RemovalState.VERIFIED_PRESENT)]
)
def test_an_answer_that_does_not_tell_is_read_and_told(
    operator: Browser, sandbox: Sandbox, status: int, acts: bool, state: RemovalState
) -> None:
    sandbox.faults.add(method="DELETE", act=acts, status=status, body="")
    _, words, record = press(operator)
    assert record.state == state
    assert f"The service answered {status}" in words
    assert "lost" not in words
    assert len(deletes(sandbox)) == 1


@pytest.mark.parametrize("status", [408, 410, 424, 425, 499, 500, 503, 504])
def test_a_status_after_which_it_may_have_happened_is_read(
    operator: Browser, sandbox: Sandbox, status: int
) -> None:
    sandbox.faults.add(method="DELETE", act=True, status=status, body={"error": "busy"})
    _, words, record = press(operator)
    assert record.state == RemovalState.VERIFIED_GONE
    assert f"The service answered {status}" in words
    assert "busy" in words


def test_without_any_answer_it_is_lost(operator: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", act=True, close=True)
    assert "The service's answer was lost, so we looked" in press(operator)[1]


def purged(**fields: Any) -> Fault:
    return {"status": 200, "body": {"success": True, "purgedCount": 0, "freedBytes": 0, **fields}}


PURGED: list[tuple[Fault, str]] = [
    (purged(), "it succeeded, but: 0 variants removed, 0 B freed."),
    (purged(purgedCount=5), "it succeeded, but: 5 variants removed, 0 B freed."),
    (purged(freedBytes=5), "it succeeded, but: 0 variants removed, 5 B freed."),
    (purged(success=False, purgedCount=5), "it removed nothing, but: 5 variants removed, 0 B freed."),
]


@pytest.mark.parametrize(("fault", "told"), PURGED)
@pytest.mark.parametrize(
    ("acts", "state", "title"),
    [
        (False, RemovalState.VERIFIED_PRESENT, "everything of Studio A is still there"),
        (True, RemovalState.VERIFIED_GONE, "everything of Studio A is gone"),
    ],
)
def test_a_purge_whose_answer_contradicts_what_was_seen_is_read(
    admin: Browser, sandbox: Sandbox, fault: Fault, told: str, acts: bool, state: RemovalState, title: str
) -> None:
    sandbox.faults.add(method="DELETE", act=acts, **fault)
    status, words, record = purge(admin)
    assert record.state == state
    assert status == (200 if acts else 409)
    assert title in words
    assert told in words
    assert "lost" not in words
    assert deletes(sandbox) == ["/v2/vault-plus/media"]
    assert audit.find_difference() is None


def test_a_purge_of_nothing_that_removed_nothing_is_done(admin: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", **purged())
    status, words, record = purge(admin, "empty", "Archive C")
    assert (status, record.state) == (200, RemovalState.DELETED)
    assert "Purged Archive C: 0 variants removed, freed 0 B" in words


def test_a_purge_with_odd_numbers_is_done(admin: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", act=True, **purged(purgedCount=2.5, freedBytes=-1))
    status, words, record = purge(admin)
    assert (status, record.state) == (200, RemovalState.DELETED)
    assert (record.purged_variants, record.freed_bytes) == (None, None)
    assert "purgedCount 2.5 (not a whole number); freedBytes -1 (negative)" in words


def test_a_purge_that_was_refused_says_why(admin: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", status=409, body={"error": "A purge is running"})
    status, words, record = purge(admin)
    assert (status, record.state) == (409, RemovalState.REJECTED)
    assert "The service answered 409: “A purge is running”. Nothing was removed" in words


def purge(admin: Browser, slug: str = "small", label: str = "Studio A") -> tuple[int, str, Removal]:
    here = f"/c/{slug}/purge/"
    said = {"ticket": "", "reason": "", "typed": label, **answers.hidden_fields(admin.get(here))}
    answer = admin.post(here, said)
    return answer.status_code, unescape(words_in(answers.text(answer))), Removal.objects.get()
