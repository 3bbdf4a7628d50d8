"""Whatever is pressed while the database takes no changes, or is away: nothing is done, and that is said."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import pytest
from django.db import connection as database
from django.db import connections as databases

from dashboard import schema, worker
from dashboard.jobs import lifecycle
from dashboard.models import Connection, Removal, RemovalState, Worker
from dashboard.outages import outages
from dashboard.removals import recovery
from dashboard.sandbox import Sandbox
from tests.answers import hidden_fields, text, words_in
from tests.make import Browser, deletes, removal
from tests.pages.addresses import ADDRESSES, stand_ready

ITEM: Final = "odd-many"
TOLD: Final = {"ticket": "ZD-1", "reason": "asked for"}
NAMES: Final = {"label": "Studio Z", "slug": "studio-z", "colour": "teal", "groups": ""}

PRESSES: Final[dict[str, dict[str, Any]]] = {
    "connection-scan": {"act": "begin"},
    "connection-purge": {**TOLD, "typed": "Studio A"},
    "media-export": {"format": "csv", "token": str(uuid4())},
    "selection": TOLD,
    "selection-change": {"item": [f"{ITEM} 1 1"]},
    "media-delete": TOLD,
    "media-reveal": {},
    "lookups": {"ids": "449", "connection": "small"},
    "lookup-again": {"all": "1"},
    "lookup-selection": {"connection": "small"},
    "connection-add": {**NAMES, "connection_id": "conn_of_studio_z"},
    "connection-change": {"label": "Studio Z", "colour": "teal", "groups": ""},
    "connection-archive": {"act": "archive"},
    "job-stop": {},
    "job-resume": {},
    "job-retry": {},
    "removal-close": {"note": "looked into it"},
    "removal-look": {},
    "view-add": {"name": "Stored"},
    "view-delete": {"act": "delete"},
}
"""What is posted to each address that changes something, beside what its form brings back of itself."""


@pytest.fixture(autouse=True)
def _nothing_was_logged() -> None:
    outages.clear()


@contextmanager
def no_changes() -> Iterator[None]:
    """As on a disk that was mounted read-only, and as hosted servers do when theirs is full."""
    on, off = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
    }[database.vendor]
    with database.cursor() as cursor:
        cursor.execute(on)
    try:
        yield
    finally:
        with database.cursor() as cursor:
            cursor.execute(off)


@contextmanager
def away() -> Iterator[None]:
    """The database's file, or its server, is gone, and nothing is connected to it any more."""
    name = {"sqlite": "NAME", "postgresql": "HOST"}[database.vendor]
    usual = database.settings_dict[name]
    database.close()
    databases.settings["default"][name] = database.settings_dict[name] = "/nowhere/at all"
    try:
        yield
    finally:
        database.close()
        databases.settings["default"][name] = database.settings_dict[name] = usual


def press(browser: Browser, name: str, *, by_htmx: bool) -> Any:
    """Press the button of an address with the form that it has shown before all this."""
    fields = {**PRESSES[name], **FIELDS.get(name, {})}
    if by_htmx:
        return browser.fragment(ADDRESSES[name], fields, method="post")
    return browser.post(ADDRESSES[name], fields)


FIELDS: Final[dict[str, dict[str, str]]] = {}


@pytest.fixture
def forms(admin: Browser, sandbox: Sandbox) -> Browser:
    """Whoever has every form open, and something to press it for."""
    stand_ready()
    small = Connection.objects.get(slug="small")
    Removal.objects.update(media_id="99999", sent_at="2026-01-01T00:00Z")
    removal(small, state=RemovalState.REJECTED, job_id="70b00000-0000-4000-8000-000000000000", position=0)
    admin.post(ADDRESSES["selection-change"], PRESSES["selection-change"])
    for name in ("connection-purge", "media-delete", "selection"):
        FIELDS[name] = hidden_fields(admin.get(ADDRESSES[name]))
    signed = re.search(r'name="show" value="([^"]+)"', text(admin.get(ADDRESSES["media-item"])))
    assert signed
    FIELDS["media-reveal"] = {"show": signed[1]}
    sandbox.calls.clear()
    return admin


def errors_in(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.django_db(transaction=True)
def test_where_it_takes_no_changes_nothing_is_sent(
    forms: Browser, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    told = {}
    for name in PRESSES:
        for by_htmx in (False, True):
            with no_changes():
                answer = press(forms, name, by_htmx=by_htmx)
            told[name, by_htmx] = answer.status_code, "othing was sent" in words_in(text(answer))
    assert {key: said for key, said in told.items() if said != (503, True)} == {}
    assert not deletes(sandbox)
    assert not any(record.exc_info for record in caplog.records)
    assert len([one for one in errors_in(caplog) if one.name == "dashboard.outages"]) == 1
    with no_changes():
        ready = forms.get("/readyz")
    assert (ready.status_code, ready.json()["database"], ready.json()["changes"]) == (200, True, False)


@pytest.mark.django_db(transaction=True)
def test_where_it_is_away_the_log_says_so_once(forms: Browser, caplog: pytest.LogCaptureFixture) -> None:
    assert schema.is_migrated()
    with away():
        for name in PRESSES:
            answer = press(forms, name, by_htmx=False)
            assert (answer.status_code, "nothing was sent" in text(answer)) == (503, True)
        assert forms.get("/c/small/media/").status_code == 503
        ready = forms.get("/readyz")
    assert (ready.status_code, ready.json()["database"], ready.json()["migrations"]) == (503, False, None)
    assert [(one.name, one.exc_info) for one in errors_in(caplog)] == [("dashboard.outages", None)]
    assert outages.held == len(PRESSES)
    assert forms.get("/c/small/media/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_worker_waits_for_it_quietly(
    connections: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert schema.is_migrated()
    for place, name in ((worker, "POLL_INTERVAL_SECONDS"), (recovery, "POLL_SECONDS")):
        monkeypatch.setattr(place, name, 0.01)
    lane = worker.WorkerThread(lifecycle.REMOVAL_QUEUE)
    stop = threading.Event()
    with away():
        try:
            lane.start()
            recovery.start_reconciler(stop)
            while outages.held < 50:
                assert not worker.poll(Worker(host="here"))
        finally:
            stop.set()
            lifecycle.stopping.set()
            for one in (lane, *(left for left in threading.enumerate() if left.name == "keeper")):
                one.join(60)
            lifecycle.stopping.clear()
    assert [(one.name, one.exc_info) for one in errors_in(caplog)] == [("dashboard.outages", None)]


def test_after_a_minute_it_is_said_again(caplog: pytest.LogCaptureFixture) -> None:
    outages.log(RuntimeError("gone"))
    outages.log(RuntimeError("gone"))
    outages._next_at -= 60
    outages.log(RuntimeError("still\n gone"))
    assert [one.getMessage() for one in errors_in(caplog)] == [
        "the database does not answer: gone (0 more since the last line)",
        "the database does not answer: still gone (1 more since the last line)",
    ]
