"""What a purge was shown to take is good for whom it was shown to, here, and until something changes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.utils import timezone

from dashboard.identity import Person
from dashboard.models import Connection, Event, Removal, RemovalState
from dashboard.sandbox import Sandbox
from dashboard.web.forms.removal import IMPACT_LIFETIME_SECONDS, PurgeForm
from tests import make
from tests.answers import hidden_fields, text, words_in
from tests.assertions import GROUPS, ISSUER
from tests.make import Browser, assertion_browser, deletes

HERE = "/c/small/purge/"
TYPED = {"typed": "Studio A", "ticket": "ZD-3", "reason": "contract ended"}
pytestmark = pytest.mark.usefixtures("connections", "behind_sign_on")


def admin(subject: str = "u-1", **claims: Any) -> Browser:
    return assertion_browser(GROUPS["admin"], subject=subject, **claims)


def shown(browser: Browser, path: str = HERE) -> dict[str, str]:
    return {**TYPED, **hidden_fields(browser.get(path))}


def small() -> Connection:
    return Connection.objects.get(slug="small")


def assert_asked_again(answer: Any, sandbox: Sandbox, calls: int = 0) -> None:
    page = text(answer)
    assert answer.status_code == 422
    assert 'id="purge"' in page
    assert 'name="impact"' in page
    for kept in ('value="Studio A"', "ZD-3", "contract ended"):
        assert kept in page
    assert len(deletes(sandbox)) == calls


def purged(browser: Browser, sandbox: Sandbox) -> None:
    assert browser.post(HERE, shown(browser)).status_code == 200


def deleted(browser: Browser, sandbox: Sandbox) -> None:
    assert browser.post("/c/small/media/odd-many/delete/", {}).status_code == 200


def ended(**fields: Any) -> Callable[[Browser, Sandbox], None]:
    def end(browser: Browser, sandbox: Sandbox) -> None:
        make.removal(small(), **fields)

    return end


ENDED = {
    "their own deletion": deleted,
    "somebody's deletion": lambda browser, sandbox: deleted(admin("u-2"), sandbox),
    "somebody's purge": lambda browser, sandbox: purged(admin("u-2"), sandbox),
    "their own purge": purged,
    "a lost one, found out": ended(state=RemovalState.VERIFIED_PRESENT),
    "one that the service refused": ended(state=RemovalState.REJECTED),
    "one that found nothing": ended(state=RemovalState.ALREADY_GONE),
    "one that nobody could find out": ended(state=RemovalState.UNRESOLVED),
    "a purge from another process": ended(media_id="", verb=Removal.Verb.PURGE),
    "one by a clock behind": ended(sent_at=timezone.now() - timedelta(hours=1)),
}


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize("name", ENDED)
def test_after_another_removal_it_is_worth_nothing(sandbox: Sandbox, name: str, fragment: bool) -> None:
    browser = admin()
    said = shown(browser)
    ENDED[name](browser, sandbox)
    calls, rows = len(deletes(sandbox)), Removal.objects.count()
    answer = browser.fragment(HERE, said, method="post") if fragment else browser.post(HERE, said)
    assert_asked_again(answer, sandbox, calls)
    assert "Another removal has ended since this was shown. Nothing was purged." in text(answer)
    assert Removal.objects.count() == rows
    assert browser.post(HERE, {**TYPED, **hidden_fields(answer)}).status_code == 200


def test_a_removal_of_another_connection_changes_nothing(sandbox: Sandbox) -> None:
    browser = admin()
    said = shown(browser)
    make.removal(Connection.objects.get(slug="big"))
    assert browser.post(HERE, said).status_code == 200


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "u-2"},
        {"subject": "U-1"},
        {"subject": "u-1']"},
        {"subject": f"{ISSUER}', 'u-1"},
        {"subject": "u-2", "email": "vera@example.com"},
    ],
)
def test_it_is_worth_nothing_to_somebody_else(sandbox: Sandbox, other: dict[str, str]) -> None:
    said = {**shown(admin()), "token": ""}
    assert_asked_again(admin(**other).post(HERE, said), sandbox)


def test_it_is_worth_nothing_for_another_connection(sandbox: Sandbox) -> None:
    browser = admin()
    said = {**shown(browser, "/c/empty/purge/"), "token": ""}
    assert_asked_again(browser.post(HERE, said), sandbox)


def test_pressed_twice_it_is_one_purge_and_used_again_none(sandbox: Sandbox) -> None:
    browser = admin()
    said = shown(browser)
    assert [browser.post(HERE, said).status_code for _ in range(2)] == [200, 200]
    assert_asked_again(browser.post(HERE, {**said, "token": ""}), sandbox, 1)


def signed(payload: Any, *, person: Person | None = None, age: int = 0, key: str | None = None) -> str:
    """A payload signed as the form does it, so many seconds ago."""

    class Signer(signing.TimestampSigner):
        def timestamp(self) -> str:
            return signing.b62_encode(int(time.time()) - age)

    vera = person or Person("Vera Lind", "", None, issuer=ISSUER, subject="u-1")
    salt = PurgeForm(connection=small(), person=vera).salt
    return Signer(key=key, salt=salt).sign_object(payload)


def genuine() -> list[Any]:
    return list(make.shown(small()))


FORGED: dict[str, Callable[[str], Any]] = {
    "none": lambda impact: "",
    "cut": lambda impact: impact[:-1],
    "longer": lambda impact: impact + "A",
    "its text alone": lambda impact: impact.partition(":")[0],
    "another text under its signature": lambda impact: "W10" + impact[impact.index(":") :],
    "plain": lambda impact: '[{"items_seen": 0}, "", [], 0, true]',
    "signed by another key": lambda impact: signed(genuine(), key="x" * 50),
    "signed for something else": lambda impact: signing.dumps(genuine(), salt="impact"),
    "signed for the connection alone": lambda impact: signing.dumps(
        {"items_seen": 1}, salt=f"impact of purging {small().pk}"
    ),
    "signed for the tray": lambda impact: signing.dumps(
        genuine(), salt=f"tray of {[small().pk, ISSUER, 'u-1']}"
    ),
    "old": lambda impact: signed(genuine(), age=IMPACT_LIFETIME_SECONDS + 1),
    "twice, and once forged": lambda impact: [impact, "forged"],
    "not text": lambda impact: "\x00",
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_forged_or_old_is_worth_nothing(sandbox: Sandbox, name: str) -> None:
    browser = admin()
    said: dict[str, Any] = shown(browser)
    assert_asked_again(browser.post(HERE, {**said, "impact": FORGED[name](said["impact"])}), sandbox)
    assert not Removal.objects.exists()


def test_a_token_is_of_its_form_alone(sandbox: Sandbox) -> None:
    browser, item = admin(), "/c/small/media/odd-many/delete/"
    of_purge, of_item = shown(browser), hidden_fields(browser.get(item))["token"]
    assert_asked_again(browser.post(HERE, {**of_purge, "token": of_item}), sandbox)
    assert browser.post(item, {"token": of_purge["token"]}).status_code == 422
    assert not Removal.objects.exists()


def test_nobody_purges_by_what_they_saw_before_they_left_the_group(sandbox: Sandbox) -> None:
    make.rewrite(Connection.objects.filter(slug="small"), groups=["inner"])
    said = shown(assertion_browser(GROUPS["admin"], "inner"))
    assert admin().post(HERE, said).status_code == 404
    assert assertion_browser(GROUPS["operator"], "inner").post(HERE, said).status_code == 403
    assert not Removal.objects.exists()


@pytest.mark.parametrize("age", [0, IMPACT_LIFETIME_SECONDS - 60])
def test_what_was_shown_a_while_ago_is_good(sandbox: Sandbox, age: int) -> None:
    browser = admin()
    assert browser.post(HERE, {**shown(browser), "impact": signed(genuine(), age=age)}).status_code == 200


def test_what_was_cached_anew_is_shown_first(sandbox: Sandbox) -> None:
    """The intent stands by then, and its record says why it was not sent."""
    browser = admin()
    sandbox.faults.add(method="GET", body={"items": []})
    said = shown(browser)
    answer = browser.post(HERE, said)
    assert_asked_again(answer, sandbox)
    assert re.search(r"shown: \d+ new\. Nothing was purged\.", text(answer))
    assert re.search(
        r"Items \d+ items before: 0 Variants \d+ variants before: 0 Size \S+ GB before: 0 B",
        words_in(text(answer)),
    )
    assert 'aria-describedby="error-impact"' in text(answer)
    record = Removal.objects.get()
    assert (record.state, record.before["items_seen"]) == (RemovalState.REFUSED, 0)
    assert record.service_text.endswith(" new.")
    steps = Event.objects.filter(removal=record).order_by("sequence")
    assert list(steps.values_list("outcome", flat=True)) == ["sent", "refused"]
    page = text(browser.get(record.get_absolute_url()))
    assert "It was not sent, or the service did not take it." in page
    assert record.service_text in page
    again = {**TYPED, **hidden_fields(answer)}
    assert again["token"] != said["token"]
    assert browser.post(HERE, again).status_code == 200
    assert Removal.objects.get(state=RemovalState.DELETED).before["items_seen"] > 60


def test_the_same_impact_again_meets_the_refusal_that_it_led_to(sandbox: Sandbox) -> None:
    browser = admin()
    sandbox.faults.add(method="GET", body={"items": []})
    said = shown(browser)
    for token in ("", ""):
        assert_asked_again(browser.post(HERE, {**said, "token": token}), sandbox)
    assert Removal.objects.count() == 1
