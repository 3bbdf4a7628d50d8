"""`/removals/<number>/`: what is known of a removal, and every step of its way."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from dashboard.models import Connection, Removal, RemovalState
from dashboard.removals.ledger import RETRYABLE_STATES
from dashboard.sandbox import Sandbox
from tests.answers import form_token, text
from tests.make import Browser, deletes, event, removal, remove, rewrite, signed_in

ITEM = "odd-many"


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def page_of(browser: Browser, record: Removal) -> str:
    answer = browser.get(record.get_absolute_url())
    assert answer.status_code == 200
    return unescape(text(answer))


def link(page: str, words: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>{words}', page)
    assert found, f"no link “{words}”"
    return found[1]


def test_works(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    record = remove(small, ITEM, ticket="ZD-7", reason="asked by its owner")
    sandbox.calls.clear()
    page = page_of(viewer, record)
    for shown in (
        *(
            f"Deleted {ITEM}, freed 336.0 kB",
            "Studio A",
            "··a1b2",
            "Omar Haddad",
            "operator",
            "asked by its owner",
        ),
        *("https://desk.example.com/tickets/ZD-7", "1440w", "image/jpeg", str(record.pk)),
    ):
        assert shown in page
    steps = page[page.index('class="steps"') :]
    assert steps.index("Sent<") < steps.index("Deleted<")
    assert 'href="/audit/1/"' in steps
    assert 'href="/audit/2/"' in steps
    assert f'href="/c/small/media/{ITEM}/"' in page
    assert "every 2s" not in page
    assert "Try again…" not in page
    assert sandbox.calls == []


@pytest.mark.parametrize("state", RemovalState.values)
@pytest.mark.parametrize("verb", Removal.Verb.values)
def test_every_state_has_its_page(admin: Browser, small: Connection, state: str, verb: str) -> None:
    settled = None if state == RemovalState.SENT else timezone.now()
    record = removal(
        small, state=state, verb=verb, media_id="7" if verb == "delete" else "", settled_at=settled
    )
    page = page_of(admin, record)
    assert record.get_state_display() in page
    assert ('hx-trigger="every 2s"' in page) is (state in Removal.OPEN)
    assert ("Try again…" in page) is (state in RETRYABLE_STATES)
    assert ("Look again now" in page) is (state in (RemovalState.UNKNOWN, RemovalState.UNRESOLVED))
    assert ("Close…" in page) is (state == RemovalState.UNRESOLVED)


def test_while_it_is_out_the_page_asks_for_itself(viewer: Browser, small: Connection) -> None:
    record = removal(small, state=RemovalState.SENT, settled_at=None)
    fragment = text(viewer.fragment(record.get_absolute_url()))
    assert fragment.lstrip().startswith('<section id="record"')
    assert f'hx-get="{record.get_absolute_url()}" hx-target="#record"' in fragment
    assert "<html" not in fragment


def test_a_retry_is_a_new_removal_linked_to_this_one(
    operator: Browser, small: Connection, sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="DELETE", status=500)
    first = remove(small, ITEM, ticket="ZD-7")
    assert first.state == RemovalState.VERIFIED_PRESENT
    asks = link(page_of(operator, first), "Try again…")
    form = operator.get(asks)
    assert 'value="ZD-7"' in text(form)
    assert f'name="retry_of" value="{first.pk}"' in text(form)
    said = {"token": form_token(form), "ticket": "ZD-7", "retry_of": str(first.pk)}
    assert operator.post(f"/c/small/media/{ITEM}/delete/", said).status_code == 200
    second = Removal.objects.get(retry_of=first)
    assert len(deletes(sandbox)) == 2
    before, after = page_of(operator, first), page_of(operator, second)
    assert f'href="{second.get_absolute_url()}">Deleted' in before
    assert "Try again…" not in before
    assert f'href="{first.get_absolute_url()}">still there' in after


def test_from_the_page_of_the_first_attempt_one_comes_to_that_of_the_next(
    operator: Browser, small: Connection
) -> None:
    first = removal(small, media_id=ITEM, state=RemovalState.REFUSED)
    said = {"retry_of": str(first.pk)}
    behind = {"HX-Current-URL": f"https://testserver{first.get_absolute_url()}"}
    answer = operator.fragment(f"/c/small/media/{ITEM}/delete/", said, method="post", **behind)
    assert answer.headers["HX-Redirect"] == Removal.objects.get(retry_of=first).get_absolute_url()


@pytest.mark.parametrize(("role", "delete", "purge"), [("viewer", 0, 0), ("operator", 1, 0), ("admin", 1, 1)])
def test_a_retry_is_offered_to_those_who_may(small: Connection, role: str, delete: int, purge: int) -> None:
    browser = signed_in(role)
    item = removal(small, state=RemovalState.REFUSED)
    everything = removal(small, state=RemovalState.REFUSED, verb=Removal.Verb.PURGE, media_id="")
    assert page_of(browser, item).count(">Try again…") == delete
    assert page_of(browser, everything).count(">Try again…") == purge
    if purge:
        assert link(page_of(browser, everything), "Try again…").startswith(
            "/c/small/purge/?ticket=ZD-1&retry_of="
        )


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 401}, {"status": 503}])
def test_the_outcome_offers_it_too(
    operator: Browser, small: Connection, sandbox: Sandbox, fault: Any
) -> None:
    sandbox.faults.add(method="DELETE", times=None, **fault)
    here = f"/c/small/media/{ITEM}/delete/"
    answer = operator.post(here, {"ticket": "ZD-7"})
    record = Removal.objects.get()
    assert link(unescape(text(answer)), "Try again…") == f"{here}?ticket=ZD-7&retry_of={record.pk}"
    assert f'href="{record.get_absolute_url()}"' in text(answer)


def test_nothing_is_offered_for_what_one_may_not_see(admin: Browser, small: Connection) -> None:
    """An admin reads the whole record; media still needs the group."""
    record = removal(small, state=RemovalState.UNRESOLVED)
    rewrite(Connection.objects.filter(slug="small"), groups=["others"])
    page = page_of(admin, record)
    for absent in ("Try again…", "Look again now", "/c/small/"):
        assert absent not in page
    assert "Close…" in page


def test_a_closed_one_says_who_and_why(admin: Browser, small: Connection) -> None:
    closed = {"closed_at": timezone.now(), "closed_by": "Ada Brandt", "closing_note": "seen at the vendor"}
    page = page_of(admin, removal(small, state=RemovalState.UNRESOLVED, **closed))
    assert "Ada Brandt looked into it" in page
    assert "seen at the vendor" in page
    assert "Close…" not in page


def test_other_pages_lead_here(operator: Browser, small: Connection) -> None:
    record = remove(small, ITEM)
    assert f'href="{record.get_absolute_url()}"' in text(operator.get(f"/c/small/media/{ITEM}/"))
    out = removal(small, media_id="odd-label", state=RemovalState.SENT, settled_at=None)
    answer = operator.post("/c/small/media/odd-label/delete/", {})
    assert answer.status_code == 409
    assert f'href="{out.get_absolute_url()}"' in text(answer)


def test_empty(viewer: Browser, small: Connection) -> None:
    """A removal from before there were events, of which nothing else is known."""
    record = removal(small, ticket="", reason="", freed_bytes=None)
    assert "No steps are recorded" in page_of(viewer, record)


def test_hostile_text(viewer: Browser, small: Connection) -> None:
    script = "<script>alert(1)</script>"
    before = {
        "variants": [{"label": script, "status": script, "content_type": script, "size_bytes": 0} | SEEN]
    }
    said = dict.fromkeys(
        ("ticket", "reason", "person", "email", "service_text", "closed_by", "closing_note"), script
    )
    record = removal(small, state=RemovalState.UNRESOLVED, closed_at=timezone.now(), before=before, **said)
    event("media.delete.unresolved", small, removal=record, reason=script)
    answer = viewer.get(record.get_absolute_url())
    assert script not in text(answer)
    assert text(answer).count("&lt;script&gt;") > 8


SEEN = {"access_count": 0, "created_at": "2026-01-01T00:00:00.000Z", "last_accessed_at": None}


def test_no_removal_and_one_of_anothers_are_the_same(viewer: Browser, small: Connection) -> None:
    theirs = removal(small)
    rewrite(Connection.objects.filter(slug="small"), groups=["vault-admins"])
    told = set()
    for number in (theirs.pk, uuid.uuid4()):
        answer = viewer.get(f"/removals/{number}/")
        assert answer.status_code == 404
        told.add(re.sub(rf"[0-9a-f]{{32}}|[\w-]{{64}}|{number}", "", text(answer)))
    assert len(told) == 1


def test_an_archived_connections_removals_stay_readable(operator: Browser, small: Connection) -> None:
    record = removal(small, state=RemovalState.REFUSED)
    rewrite(Connection.objects.filter(slug="small"), archived_at=timezone.now())
    page = page_of(operator, record)
    assert "Try again…" not in page
    assert "/c/small/" not in page


@pytest.mark.parametrize("number", ["x", "1", "5e771ed0"])
def test_bad_input(viewer: Browser, number: str) -> None:
    assert viewer.get(f"/removals/{number}/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(viewer: Browser, small: Connection, method: str) -> None:
    assert getattr(viewer, method)(removal(small).get_absolute_url()).status_code == 405


def test_wrong_role(nobody: Browser, small: Connection) -> None:
    assert nobody.get(removal(small).get_absolute_url()).status_code == 302
