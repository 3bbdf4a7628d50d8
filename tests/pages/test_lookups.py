"""`/lookup/`: what is to be looked up, the look-up itself, and this person's of the last day."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dashboard.lookups.store import LOOKUP_LIFETIME
from dashboard.models import Connection, Lookup
from dashboard.sandbox import Sandbox
from tests.answers import errors_of, text, words_in
from tests.make import BIG_ID, SMALL_ID, Browser, connection, operations, rewrite, signed_in

HERE: Final = "/lookup/"
ABSENT: Final = "99999"


def send(browser: Browser, ids: str = "", /, *, follow: bool = False, **said: Any) -> Any:
    return browser.post(HERE, {"ids": ids, "connection": "small", **said}, follow=follow)


def only() -> Lookup:
    return Lookup.objects.get()


def test_works(viewer: Browser, sandbox: Sandbox, media_id: str) -> None:
    answer = send(viewer, f"{media_id}, {ABSENT}\n{media_id} a@b", ticket=" ZD-7 ")
    made = only()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/lookup/{made.pk}/")
    assert (made.ids, made.repeated) == ([media_id, ABSENT], {media_id: 1})
    assert made.malformed[0][0] == "a@b"
    assert (made.ticket, made.person, made.expires_at) == (
        "ZD-7",
        "Vera Lind",
        made.created_at + LOOKUP_LIFETIME,
    )
    (answers,) = made.answers.values()
    assert answers[ABSENT] is None
    assert answers[media_id]["variants"]
    assert sandbox.url not in str(made.answers)
    assert operations(sandbox) == ["batch"]


def test_the_form_offers_what_the_person_may_see(viewer: Browser, sandbox: Sandbox) -> None:
    connection("foreign", label="Foreign", groups=["others"])
    page = text(viewer.get(HERE))
    assert re.findall(r'name="connection" value="([^"]+)"', page) == ["empty", "big", "small"]
    assert "checked" not in page
    assert "In all 3 connections" in page
    assert operations(sandbox) == []


def test_the_connection_chosen_last_is_ticked(viewer: Browser) -> None:
    viewer.get("/c/big/media/?limit=1")
    assert 'value="big" checked' in text(viewer.get(HERE))
    page = text(viewer.get(f"{HERE}?connection=small&ticket=ZD-7"))
    assert re.findall(r'value="(\w+)" checked', page) == ["small"]
    assert 'value="ZD-7"' in page


def test_a_link_that_names_none_of_theirs_is_not_followed(viewer: Browser) -> None:
    assert viewer.get(f"{HERE}?connection=nowhere").status_code == 404
    assert viewer.get(f"{HERE}?ticket=%00").status_code == 422


def test_every_connection_at_once(viewer: Browser, sandbox: Sandbox) -> None:
    connection("foreign", label="Foreign", groups=["others"])
    send(viewer, "1 2 3", connection=[], everywhere="on")
    assert {one.slug for one in only().connections.all()} == {"small", "big", "empty"}
    assert operations(sandbox) == ["batch"] * 3


def test_a_thousand_ids_are_ten_calls(viewer: Browser, sandbox: Sandbox) -> None:
    send(viewer, "\n".join(str(number) for number in range(1000)))
    assert len(only().answers.popitem()[1]) == 1000
    assert operations(sandbox) == ["batch"] * 10


def test_the_same_id_900_times_is_looked_up_once(viewer: Browser, sandbox: Sandbox) -> None:
    send(viewer, "4492994399\n" * 900)
    assert (only().ids, only().repeated) == (["4492994399"], {"4492994399": 899})
    assert operations(sandbox) == ["batch"]


@pytest.mark.parametrize("name", ["ids.csv", "ids.txt"])
def test_a_file(viewer: Browser, name: str) -> None:
    file = SimpleUploadedFile(name, "\ufeffname;media_id\r\nGr\u00f6\u00dfe;449\r\n7;450\r\n".encode())
    send(viewer, file=file)
    assert only().ids == ["449", "450"]


def test_recent_ones_are_listed_and_only_their_own(viewer: Browser, operator: Browser) -> None:
    send(viewer, "449 450", ticket="ZD-7")
    address = only().get_absolute_url()
    page = words_in(text(viewer.get(HERE)))
    assert "2 IDs" in page
    assert "ZD-7" in page
    assert address in text(viewer.get(HERE))
    assert address not in text(operator.get(HERE))
    rewrite(Connection.objects.filter(slug="small"), groups=["others"])
    assert address not in text(viewer.get(HERE))


def test_what_has_expired_goes_with_the_next_one(viewer: Browser) -> None:
    send(viewer, "449")
    old = only()
    Lookup.objects.update(expires_at=timezone.now())
    assert str(old.pk) not in text(viewer.get(HERE))
    send(viewer, "450")
    assert only().ids == ["450"]


def test_empty(db: None, sandbox: Sandbox) -> None:
    person = signed_in("viewer")
    assert "no connection that you may see" in text(person.get(HERE))
    assert person.post(HERE, {"ids": "449"}).status_code == 422


def test_fragment(viewer: Browser) -> None:
    answer = viewer.fragment(HERE)
    assert text(answer).lstrip().startswith('<section id="form"')
    assert "<html" not in text(answer)
    sent = viewer.fragment(HERE, {"ids": "449", "connection": "small"}, method="post")
    assert sent.headers["HX-Redirect"] == only().get_absolute_url()


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"ids": ""}, "Paste at least one"),
        ({"ids": " \n"}, "Paste at least one"),
        ({"ids": "4.49E+09"}, "None of this is a media ID"),
        ({"ids": "449", "connection": []}, "Choose at least one connection"),
        ({"ids": "449", "connection": "nowhere"}, "no connection of this name"),
        ({"ids": "449", "connection": BIG_ID}, "no connection of this name"),
        ({"ids": "449", "ticket": "x" * 101}, "100 characters"),
        ({"ids": " ".join(map(str, range(1001)))}, "1,001 different IDs"),
        ({"ids": "449 " + " ".join(f"{n}@" for n in range(1200))}, "1,200 texts in this are not IDs"),
        ({"ids": "449", "file": SimpleUploadedFile("a.txt", b"450")}, "not both"),
        ({"ids": "", "file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04")}, "no plain text"),
    ],
)
def test_bad_input(viewer: Browser, sandbox: Sandbox, given: dict[str, Any], word: str) -> None:
    answer = viewer.post(HERE, {"connection": "small", **given})
    assert answer.status_code == 422
    assert any(word in error for error in errors_of(answer)), errors_of(answer)
    page = text(answer)
    assert given["ids"].strip() in page
    assert "<title>Error: " in page
    assert not Lookup.objects.exists()
    assert operations(sandbox) == []


def test_why_a_text_is_no_id_is_said_beside_it(viewer: Browser) -> None:
    page = words_in(text(send(viewer, "4.49E+09")))
    assert "4.49E+09 This long number has lost digits in a spreadsheet" in page


def test_too_many_connections_for_so_many_ids(viewer: Browser) -> None:
    for number in range(20):
        connection(f"more-{number}")
    answer = send(viewer, "\n".join(map(str, range(1000))), everywhere="on")
    assert errors_of(answer)[-1].endswith("choose at most 20.")


def test_a_connections_id_is_refused_and_neither_shown_nor_kept(viewer: Browser, sandbox: Sandbox) -> None:
    refused = send(viewer, f"{SMALL_ID} {BIG_ID}")
    assert refused.status_code == 422
    assert "a connection&#39;s ID" in text(refused)
    assert SMALL_ID not in text(refused)
    assert BIG_ID not in text(refused)
    taken = send(viewer, f"449 {SMALL_ID} https://v.example/go?media=450&connection={BIG_ID}", follow=True)
    assert only().ids == ["449", "450"]
    for secret in (SMALL_ID, BIG_ID):
        assert secret not in text(taken)
        assert secret not in str(Lookup.objects.values_list("malformed", "ids", "repeated", "trouble"))


def test_five_megabytes_come_back_whole(viewer: Browser) -> None:
    ids = "\n".join(str(4_000_000_000 + number) for number in range(450_000))
    answer = send(viewer, ids)
    assert answer.status_code == 422
    assert "450,000 different IDs" in errors_of(answer)[0]
    assert ids in text(answer)


def test_a_file_with_too_many_comes_back_in_the_box(viewer: Browser) -> None:
    ids = "\n".join(map(str, range(1001)))
    answer = send(viewer, file=SimpleUploadedFile("a.txt", ids.encode()))
    assert answer.status_code == 422
    assert ids in text(answer)


@pytest.mark.parametrize(
    "given", [{"ids": "4" * 6_400_000}, {"file": SimpleUploadedFile("a", b"4" * 6_400_000)}]
)
def test_what_is_too_large_is_said_to_be(viewer: Browser, sandbox: Sandbox, given: dict[str, Any]) -> None:
    answer = viewer.post(HERE, {"connection": "small", **given})
    assert answer.status_code == 413
    assert "more than 6 MiB" in text(answer)
    assert not Lookup.objects.exists()


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"status": 401, "body": {"error": "Invalid API key"}}, "refused our key: Invalid API key"),
        ({"status": 429, "headers": {"Retry-After": "7"}}, "asks us to wait"),
        ({"status": 500}, "The service"),
        ({"status": 200, "body": "<html>"}, "cannot use"),
        ({"close": True}, "was not reached"),
    ],
)
def test_upstream_error(viewer: Browser, sandbox: Sandbox, fault: dict[str, Any], word: str) -> None:
    """All batches fail: what was pasted is kept, and the page says why."""
    sandbox.faults.add(path="/batch$", times=None, **fault)
    answer = send(viewer, "\n".join(map(str, range(150))), follow=True)
    assert answer.status_code == 200
    assert word in words_in(text(answer))
    assert len(only().ids) == 150
    assert only().answers == {}
    assert only().asked_at


def test_the_half_that_came_is_kept(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(path="/batch$", status=400, body={"error": "Odd half"}, times=1)
    page = words_in(text(send(viewer, "\n".join(map(str, range(200))), follow=True)))
    assert "100 IDs could not be asked" in page
    assert "100 IDs: The service did not accept the request: Odd half" in page
    assert "Ask again for the 100 that failed" in page
    assert "100 not cached" in page


def test_wrong_role(nobody: Browser, sandbox: Sandbox) -> None:
    assert nobody.get(HERE).headers["Location"] == "/sign-in/?next=%2Flookup%2F"
    assert send(nobody, "449").status_code == 302
    assert nobody.fragment(HERE).status_code == 401
    assert not Lookup.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405


@pytest.mark.parametrize(
    "typed",
    [
        "4,492,994,399",
        "4\u00a0492\u00a0994\u00a0399",
        "4\u202f492\u202f994\u202f399",
        "4\u2009492\u2009994\u2009399",
        "4'492'994'399",
        "4\u2019492\u2019994\u2019399",
        "4.492.994.399",
        "4,49,29,94,399",
        "media_id;ticket\n4,492,994,399;ZD-1",
        'media_id,ticket\n"4,492,994,399",ZD-1',
        "media_id,ticket\n4,492,994,399,ZD-1",
        "media_id\tticket\n4,492,994,399\tZD-1",
        "media_id\n4,492,994,399",
        "look at 4,492,994,399, please",
    ],
)
def test_no_item_is_looked_up_for_a_part_of_a_number(viewer: Browser, sandbox: Sandbox, typed: str) -> None:
    send(viewer, f"{typed}\n4492994400")
    assert [one for one in only().ids if one.isdigit()] == ["4492994400"]
    (wrong,) = only().malformed
    assert "a number with thousands separators" in wrong[1]


def test_a_link_fills_the_form_in(viewer: Browser, sandbox: Sandbox) -> None:
    page = text(viewer.get(HERE, {"ids": f"449 450 <b> {SMALL_ID}", "connection": "small"}))
    assert ">\n449 450 &lt;b&gt; conn_…</textarea>" in page
    assert "<b>3 IDs</b>" in page
    assert operations(sandbox) == []
    assert not Lookup.objects.exists()


@pytest.mark.parametrize("media_id", ["1582917533873850000", "4492994399000000"])
def test_a_number_that_a_spreadsheet_may_have_rounded_is_met_with_a_hint(
    viewer: Browser, media_id: str
) -> None:
    hint = "a spreadsheet keeps 15 digits of a long number"
    send(viewer, f"{media_id}\n449")
    assert text(viewer.get(only().get_absolute_url())).count(hint) == 1
    assert hint in viewer.get(f"{only().get_absolute_url()}export/").content.decode()
    assert hint in text(viewer.get(f"/c/small/media/{media_id}/"))
    assert hint not in text(viewer.get("/c/small/media/449/"))
    assert hint in text(viewer.get("/go/answers", {"media": media_id}))
    assert hint not in text(viewer.get("/go/answers", {"media": "449"}))
