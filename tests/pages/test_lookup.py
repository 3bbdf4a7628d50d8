"""`/lookup/<number>/`: what became of each id, for those who may see all its connections, for a day."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from dashboard.models import Connection, Lookup
from dashboard.sandbox import Sandbox
from tests.answers import rows_of, text, words_in
from tests.make import Browser, connection, lookup, operations, removal, rewrite, signed_in

NOBODYS = UUID("5e771ed0-0000-4000-8000-00000000dead")


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def looked_up(browser: Browser, ids: str, **said: Any) -> Lookup:
    answer = browser.post("/lookup/", {"ids": ids, "connection": "small", **said})
    assert answer.status_code == 303, text(answer)
    return Lookup.objects.get(pk=answer.headers["Location"].split("/")[2])


def section(answer: Any, name: str) -> str:
    found = re.search(rf'<section class="group" aria-labelledby="{name}">(.*?)</section>', text(answer), re.S)
    assert found
    return words_in(found[1])


def page_of(browser: Browser, row: Lookup) -> Any:
    answer = browser.get(row.get_absolute_url())
    assert answer.status_code == 200
    return answer


def test_works(viewer: Browser, small: Connection, sandbox: Sandbox, media_id: str) -> None:
    """Four groups, each in pasted order, from what was kept: nothing is asked again."""
    row = looked_up(viewer, f"zz {media_id} odd-many aa 4.49E+09 {media_id} odd-label", ticket="ZD-7")
    sandbox.calls.clear()
    answer = page_of(viewer, row)
    assert [words.split()[0] for words in rows_of(answer)] == [media_id, "odd-many", "odd-label"]
    assert "\u00d72" in rows_of(answer)[0]
    assert "Studio A" in rows_of(answer)[0]
    assert f'href="/c/small/media/{media_id}/?ticket=ZD-7"' in text(answer)
    assert section(answer, "missing").endswith("zz aa")
    assert "lost digits in a spreadsheet" in section(answer, "malformed")
    assert "every ID has an answer" in section(answer, "failed")
    words = words_in(text(answer))
    assert "3 found 2 not cached 1 malformed 0 failed 1 repeated, looked up once" in words
    assert "As of just now , by Vera Lind" in words
    assert operations(sandbox) == []


def test_no_link_is_kept_or_shown(
    viewer: Browser, small: Connection, sandbox: Sandbox, media_id: str
) -> None:
    row = looked_up(viewer, media_id)
    assert sandbox.url not in str(row.answers)
    assert "/v2/" not in text(page_of(viewer, row))


def test_what_was_removed_from_here_says_so(viewer: Browser, small: Connection) -> None:
    row = looked_up(viewer, "111 222 333")
    removal(small, media_id="222", ticket="ZD-9")
    missing = section(page_of(viewer, row), "missing")
    assert re.search(r"111 222 Deleted .* UTC by Omar Haddad · ZD-9 · Record 333$", missing)


def test_those_that_are_missing_can_be_copied(viewer: Browser, small: Connection, media_id: str) -> None:
    page = text(page_of(viewer, looked_up(viewer, f"111 {media_id} 222")))
    assert 'data-copy="111\n222"' in page
    assert "Copy the 2 that are missing" in page
    assert 'aria-label="IDs that are not cached">111\n222</textarea>' in page


def test_several_connections(viewer: Browser, small: Connection, media_id: str) -> None:
    """Found is what any holds; not cached is what none does."""
    row = looked_up(viewer, f"{media_id} 111", connection=["small", "empty"])
    answer = page_of(viewer, row)
    (found,) = rows_of(answer)
    assert "Studio A" in found
    assert section(answer, "missing").endswith("111")


def test_found_in_one_and_not_asked_in_another(viewer: Browser, small: Connection) -> None:
    empty = Connection.objects.get(slug="empty")
    row = lookup([small, empty], ids=["1", "2", "3"], asked_at=timezone.now())
    row.answers = {
        str(small.pk): {"1": {"unreadable": "odd"}, "2": None, "3": None},
        str(empty.pk): {"3": None},
    }
    row.trouble = {str(empty.pk): {"1": "Why not", "2": "Why not"}}
    row.save()
    answer = page_of(viewer, row)
    assert "in an unknown format: odd" in rows_of(answer)[0]
    assert section(answer, "missing").endswith(" 3")
    assert section(answer, "failed").endswith(" 2")
    assert "2 IDs could not be asked everywhere" in words_in(text(answer))
    assert "Archive C 2 IDs: Why not" in words_in(text(answer))


def test_empty(viewer: Browser, small: Connection) -> None:
    """Begun a while ago, and whoever asked went away: it can be gone on with."""
    row = lookup([small], ids=["1", "2"], created_at=timezone.now() - timedelta(minutes=5))
    page = words_in(text(page_of(viewer, row)))
    assert "This look-up was interrupted" in page
    assert "Ask for 2 IDs" in page
    assert f'action="/lookup/{row.pk}/again/"' in text(page_of(viewer, row))


def test_while_it_is_asked_it_says_so(viewer: Browser, small: Connection) -> None:
    page = words_in(text(page_of(viewer, lookup([small], ids=["1", "2"]))))
    assert "The look-up is under way" in page
    assert "interrupted" not in page


def test_a_refused_key_is_somebody_elses_turn(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    sandbox.faults.add(path="/batch$", status=401, body={"error": "no"}, times=None)
    page = words_in(text(page_of(viewer, looked_up(viewer, "1"))))
    assert "asking again won't help until your administrator has looked at it" in page


def test_hostile_text_stays_text(viewer: Browser, small: Connection) -> None:
    hostile = "<script>alert(1)</script>"
    told = {
        "type": hostile,
        "duration": 1.5,
        "variants": {hostile: [hostile, None]},
    }
    row = lookup([small], ids=["1"], malformed=[[hostile, hostile, 2]], asked_at=timezone.now())
    row.answers = {str(small.pk): {"1": told}}
    row.save()
    page = text(page_of(viewer, row))
    assert hostile not in page
    assert "&lt;script&gt;alert(1)" in page


def test_fragment(viewer: Browser, small: Connection) -> None:
    answer = viewer.fragment(looked_up(viewer, "1").get_absolute_url())
    assert text(answer).lstrip().startswith('<section id="result"')
    assert "<html" not in text(answer)


def test_a_colleague_may_open_it(viewer: Browser, small: Connection) -> None:
    row = looked_up(viewer, "1", connection=["small", "empty"])
    assert "by Vera Lind" in words_in(text(page_of(signed_in("operator"), row)))


def test_only_who_may_see_all_its_connections(viewer: Browser, small: Connection) -> None:
    row = looked_up(viewer, "1", connection=["small", "empty"])
    strange = viewer.get(f"/lookup/{NOBODYS}/")
    rewrite(Connection.objects.filter(slug="empty"), groups=["others"])
    foreign = viewer.get(row.get_absolute_url())
    assert strange.status_code == foreign.status_code == 404
    assert "No such look-up" in text(foreign)

    def alike(answer: Any) -> str:
        _, _, said = text(answer).partition('<main id="main"')
        return re.sub(r"[0-9a-f]{32}", "", words_in(said))

    assert alike(foreign) == alike(strange)
    for rest in ("export/", "again/"):
        ask = viewer.get if rest == "export/" else viewer.post
        assert ask(f"{row.get_absolute_url()}{rest}").status_code == 404


def test_an_archived_connection_takes_it_away(viewer: Browser, small: Connection) -> None:
    row = looked_up(viewer, "1")
    rewrite(Connection.objects.filter(slug="small"), archived_at=timezone.now())
    assert viewer.get(row.get_absolute_url()).status_code == 404


def test_after_a_day_it_has_expired(viewer: Browser, small: Connection) -> None:
    row = looked_up(viewer, "1")
    Lookup.objects.update(expires_at=timezone.now())
    for rest in ("", "export/"):
        answer = viewer.get(f"{row.get_absolute_url()}{rest}")
        assert answer.status_code == 410
        assert "has expired" in text(answer)
    hidden = connection("hidden", groups=["others"])
    row.connections.add(hidden)
    assert viewer.get(row.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("pk", ["1", "x", "5e771ed0", "%00"])
def test_bad_input(viewer: Browser, pk: str) -> None:
    assert viewer.get(f"/lookup/{pk}/").status_code == 404


def test_upstream_error(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    row = looked_up(viewer, "1")
    sandbox.faults.add(status=500, times=None)
    page_of(viewer, row)


def test_wrong_role(nobody: Browser, small: Connection) -> None:
    row = lookup([small], ids=["1"])
    assert nobody.get(row.get_absolute_url()).status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(viewer: Browser, small: Connection, method: str) -> None:
    assert getattr(viewer, method)(lookup([small], ids=["1"]).get_absolute_url()).status_code == 405
