"""Items that are not what the service promises, through every page: each is shown, and can be deleted."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.test import override_settings

from dashboard.exports.rows import EXPORT_COLUMNS
from dashboard.jobs import lifecycle
from dashboard.models import Connection, Event, Lookup, Removal
from dashboard.removals import bulk
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests import answers, exports, make, reference, scans
from tests.answers import form_token, ids_on, text, words_in
from tests.make import SMALL_ID, Browser

LIST = "/c/small/media/"

LABELS = {
    "half an emoji": "\ud83d",
    "no letters": "",
    "300 letters": "x" * 300,
    "a line end": "a\nb",
    "turned round": "\u202efdp.exe",
    "a NUL": "a\x00b",
}

FIELDS = {  # of the variant: how it is written, and what of it has to be seen
    "float size": ("sizeBytes", "1024000.0", ""),
    "exponent": ("accessCount", "1.5e3", ""),
    "fraction of a byte": ("sizeBytes", "1024.5", "1024.5 bytes (not a whole number)"),
    "negative size": ("sizeBytes", "-5", "-5 bytes (negative)"),
    "huge size": ("sizeBytes", "1e300", "1e300 bytes (too large)"),
    "size beyond the database": ("sizeBytes", "9007199254740994", "9007199254740994 bytes (too large)"),
    "size as text": ("sizeBytes", '"12"', '"12" (a text, not a number)'),
    "size of null": ("sizeBytes", "null", "null (not a number)"),
    "negative count": ("accessCount", "-0.25", "-0.25 accesses (negative)"),
    "seconds": ("expiresAt", "1796000000", "1796000000 ms (before the year 2000"),
    "first seen in seconds": ("createdAt", "1715800000", "1715800000 ms (before the year 2000"),
    "negative time": ("createdAt", "-1e15", "-1e15 ms (negative)"),
    "time beyond all calendars": ("lastAccessedAt", "1e40", "1e40 ms (too large)"),
    "stored as text": ("storedAt", '"2026-06-01"', '"2026-06-01" (not a number)'),
    "url of a number": ("url", "5", "5 (not a text)"),
    "quality of null": ("quality", "null", "null (not a text)"),
    "no MIME type": ("contentType", "null", "null (not a text)"),
    "state of a list": ("status", '["stored"]', "[\u2026] (not a text)"),
    "unknown state": ("status", '"frozen"', "frozen"),
}

ITEMS = {  # of the item
    "negative length": ("duration", "-3", "-3 seconds (negative)"),
    "endless length": ("duration", "1e300", "1e300 seconds (too large)"),
    "unknown type": ("type", '"hologram"', "hologram"),
    "type of null": ("type", "null", "null (not a text)"),
    "no variants": ("media", "null", "null (not an object of variants)"),
    "list of variants": ("media", "[{}]", "[\u2026] (not an object of variants)"),
    "number for a variant": ("media", '{"full": 3}', "3 (not a variant)"),
    "list for a variant": ("media", '{"full": [[]]}', "[\u2026] (not a variant)"),
    "empty variant": ("media", '{"full": {}}', "missing"),
}

NAMES = [*LABELS, *FIELDS, *ITEMS]
Write = Callable[[str, str], str]


def broken(name: str, media_id: str) -> tuple[str, str]:
    """The item of this name as JSON, and what of it has to be seen."""
    item = json.loads(reference.text({**reference.ITEM, "id": media_id}))
    if name in LABELS:
        item["media"] = {LABELS[name]: item["media"]["full"]}
        return json.dumps(item), {"300 letters": "x" * 50, "no letters": "(no label)"}.get(name, "")
    field, written, seen = FIELDS.get(name) or ITEMS[name]
    (item if name in ITEMS else item["media"]["full"])[field] = "ODD"
    return json.dumps(item).replace('"ODD"', written), seen


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


@pytest.fixture
def ids(small: Connection) -> list[str]:
    return make.plain_ids(small, MediaQuery(limit=60))


@pytest.fixture
def odd(sandbox: Sandbox, ids: list[str]) -> dict[str, str]:
    """An item of each kind in the place of an ordinary one: its id by the name of its kind."""
    by_name = dict(zip(NAMES, ids, strict=False))
    assert len(by_name) == len(NAMES)
    for name, media_id in by_name.items():
        sandbox.shelves[SMALL_ID].write(media_id, broken(name, media_id)[0])
    return by_name


@pytest.fixture(autouse=True)
def _this_process_goes_on() -> Iterator[None]:
    yield
    lifecycle.stopping.clear()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_shown_and_deleted(operator: Browser, sandbox: Sandbox, ids: list[str], name: str) -> None:
    written, seen = broken(name, ids[3])
    sandbox.shelves[SMALL_ID].write(ids[3], written)
    listed = operator.get(f"{LIST}?limit=100")
    assert listed.status_code == 200
    assert set(ids) <= set(ids_on(listed))
    here = f"{LIST}{ids[3]}/"
    item = operator.get(here)
    assert item.status_code == 200
    assert seen in unescape(text(item))
    for asked in (operator.get(f"{here}delete/"), operator.fragment(f"{here}delete/")):
        assert asked.status_code == 200
        if "(" in seen and name not in LABELS:
            assert "could not be read" in text(asked)
            assert seen in unescape(text(asked))
    done = operator.post(f"{here}delete/", {"token": form_token(asked), "ticket": "ZD-1"})
    assert done.status_code == 200, text(done)
    record = Removal.objects.get()
    assert (record.state, record.media_id) == ("deleted", ids[3])
    assert record.before["type"] is not None
    assert operator.get(record.get_absolute_url()).status_code == 200
    assert operator.get(here).status_code == 404


def test_rows_are_marked(viewer: Browser, odd: dict[str, str]) -> None:
    answer = viewer.get(f"{LIST}?limit=100")
    assert answer.status_code == 200
    words = answers.rows_of(answer)
    rows = {media_id: next(row for row in words if media_id in row) for media_id in odd.values()}
    for name, media_id in odd.items():
        seen = broken(name, media_id)[1]
        marked = ("(" in seen and name != "no letters") or name in ("half an emoji", "empty variant")
        assert ("Odd values" in rows[media_id]) is marked, name
        assert seen in rows[media_id] or name in ("half an emoji", "unknown type", "300 letters"), name
    assert viewer.get("/c/small/live/", {"id": list(odd.values())}).status_code == 200


def test_they_are_looked_up(viewer: Browser, odd: dict[str, str]) -> None:
    said = viewer.post("/lookup/", {"ids": " ".join(odd.values()), "connection": "small"})
    assert said.status_code == 303
    answer = viewer.get(said.headers["Location"])
    assert answer.status_code == 200
    assert f"{len(odd)} found 0 not cached" in words_in(text(answer))
    row = next(row for row in answers.rows_of(answer) if row.startswith(odd["fraction of a byte"]))
    assert "full, size: 1024.5 bytes (not a whole number)" in row
    file = viewer.get(f"{Lookup.objects.get().get_absolute_url()}export/")
    assert file.status_code == 200


def prepared(of: Connection, form: str) -> bytes:
    return exports.written(exports.after(exports.begun(of, form)))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("export", [exports.streamed, prepared])
@pytest.mark.django_db(transaction=True)
def test_they_are_exported(small: Connection, odd: dict[str, str], form: str, export: Any) -> None:
    body = export(small, form).decode()
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"), newline="")))
        assert tuple(rows[0]) == EXPORT_COLUMNS
        marks = {row["media_id"]: row["odd"] for row in rows if row["odd"]}
    else:
        items = [json.loads(line) for line in body.splitlines()]
        marks = {
            one["media_id"]: "; ".join([one.get("odd", ""), *(v.get("odd", "") for v in one["variants"])])
            for one in items
            if "unreadable" not in one
        }
    assert "sizeBytes 1024.5 (not a whole number)" in marks[odd["fraction of a byte"]]
    assert "duration -3 (negative)" in marks[odd["negative length"]]
    assert "half a character" in marks[odd["half an emoji"]]
    assert "signed" not in body


def test_they_are_counted(small: Connection, odd: dict[str, str]) -> None:
    statistics = scans.statistics_of(scans.after(scans.begun(small)))
    assert statistics.unreadable == 1  # the sandbox's own, which has no id
    assert statistics.items >= len(odd)


def test_the_overview_is_drawn(viewer: Browser, small: Connection, odd: dict[str, str]) -> None:
    scans.after(scans.begun(small))
    for page in ("overview", "expiring", "stuck"):
        assert viewer.get(f"/c/small/{page}/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_they_are_removed_together(small: Connection, odd: dict[str, str]) -> None:
    job = bulk.begin(small, Intent(make.OMAR, uuid.uuid4(), "ZD-1", "asked for"), list(odd.values())).job
    make.work_off()
    states = dict(job.removals.values_list("media_id", "state"))
    assert states == dict.fromkeys(odd.values(), "deleted")
    before = job.removals.get(media_id=odd["fraction of a byte"]).before
    assert before["variants"][0]["odd"] == ["sizeBytes 1024.5 (not a whole number)"]


@pytest.mark.parametrize("reply", ["{}", '{"id": 5}', '{"error": "?"}', '{"id":' * 5000 + "1" + "}" * 5000])
def test_what_tells_no_id_is_deleted_by_the_one_asked_for(
    operator: Browser, sandbox: Sandbox, ids: list[str], reply: str
) -> None:
    here = f"{LIST}{ids[0]}/"
    sandbox.faults.add(method="GET", path=ids[0], body=reply, times=None)
    assert operator.get(here).status_code == 502
    asked = operator.get(f"{here}delete/")
    assert asked.status_code == 200
    assert "This item could not be read" in text(asked)
    operator.post(f"{here}delete/", {"token": form_token(asked)})
    record = Removal.objects.get()
    assert (record.state, record.media_id) == ("deleted", ids[0])
    assert set(record.before) == {"unreadable"}
    assert operator.get(record.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("reply", ["[]", "null", "<html></html>", reference.text(reference.ITEM)])
def test_what_is_no_answer_about_the_item_is_no_reason_to_delete(
    operator: Browser, sandbox: Sandbox, ids: list[str], reply: str
) -> None:
    here = f"{LIST}{ids[0]}/"
    sandbox.faults.add(method="GET", path=ids[0], body=reply, times=None)
    assert operator.get(f"{here}delete/").status_code == 502
    operator.post(f"{here}delete/", {"token": str(uuid.uuid4())})
    assert make.deletes(sandbox) == []


@pytest.mark.parametrize("name", LABELS)
def test_a_variant_of_any_label_is_revealed_and_recorded(
    viewer: Browser, sandbox: Sandbox, ids: list[str], name: str
) -> None:
    sandbox.shelves[SMALL_ID].write(ids[0], broken(name, ids[0])[0])
    here = f"{LIST}{ids[0]}/"
    with override_settings(VAULTPLUS_MEDIA_HOSTS=["https://media.ofauth.com"]):
        page = text(viewer.get(here))
        assert "media.revealed" not in [one.code for one in Event.objects.all()]
        signed = re.search(r'name="show" value="([^"]+)"', page)
        assert signed
        shown = viewer.post(f"{here}reveal/", {"show": signed[1]})
    assert f'<img src="{reference.LINKS[0]}"' in text(shown)
    assert Event.objects.filter(code="media.revealed").count() == 1


def test_pictures_of_the_references_own_example_are_there(viewer: Browser, sandbox: Sandbox) -> None:
    """Their `expiresAt` has passed long ago, and they are stored."""
    viewer.post("/preferences/", {"media": "shown"})
    sandbox.faults.add(path="/media/4492994399$", body=reference.ITEM, times=None)
    sandbox.faults.add(path="/media$", body=reference.PAGE, times=None)
    sandbox.faults.add(path="/batch$", body=reference.BATCH, times=None)
    with override_settings(VAULTPLUS_MEDIA_HOSTS=["https://media.ofauth.com"]):
        item, listed = (text(viewer.get(at)) for at in (f"{LIST}4492994399/", LIST))
        live = text(viewer.get("/c/small/live/?id=4492994399"))
        [signed] = set(re.findall(r'name="show" value="([^"]+)"', item))  # the thumb is there already
        full = text(viewer.post(f"{LIST}4492994399/reveal/", {"show": signed}))
    assert f'src="{reference.LINKS[0]}"' in full
    assert f'src="{reference.LINKS[1]}"' in item
    assert reference.LINKS[0] not in item
    assert f'src="{reference.LINKS[1]}"' in listed
    assert f'src="{reference.LINKS[1]}"' in live
    assert "Link end date passed" in item
    assert "Odd value" not in item + listed
    assert "expired" not in words_in(item + listed)
