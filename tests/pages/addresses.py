"""Every address there is, who may open it, and more pages than there are addresses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import transaction
from django.utils import timezone

from dashboard.models import Connection, Job, JobState, RemovalState
from dashboard.sandbox import Sandbox
from tests.make import event, job, lookup, removal, saved_view

RECORD: Final = "5e771ed0-0000-4000-8000-000000000000"
"""The number of the one removal whose page is opened."""

LOOKUP: Final = "10070000-0000-4000-8000-000000000000"
"""The number of the one look-up whose page is opened."""

JOB: Final = "70b00000-0000-4000-8000-000000000000"
"""The number of the one bulk removal whose page is opened."""
FILE: Final = "70b00000-0000-4000-8000-0000000000fe"
"""The number of an export that somebody else had written."""

ADDRESSES: Final = {
    "home": "/?choose=1",
    "sign-in": "/sign-in/",
    "sign-out": "/sign-out/",
    "report": "/reports/",
    "preferences": "/preferences/",
    "connection": "/c/small/",
    "connection-jobs": "/c/small/jobs/",
    "connection-overview": "/c/small/overview/",
    "connection-scan": "/c/small/scan/",
    "connection-purge": "/c/small/purge/",
    "connection-stuck": "/c/small/stuck/",
    "connection-expiring": "/c/small/expiring/",
    "media-list": "/c/small/media/",
    "media-export": "/c/small/export/",
    "media-export-now": "/c/small/export/now/?format=csv",
    "media-live": "/c/small/live/?id=odd-many",
    "selection": "/c/small/tray/",
    "selection-change": "/c/small/tray/change/",
    "media-delete": "/c/small/media/odd-many/delete/",
    "media-item": "/c/small/media/odd-many/",
    "media-reveal": "/c/small/media/odd-many/reveal/",
    "go": "/go?media=449&ticket=ZD-1",
    "go-answers": "/go/answers?media=449",
    "lookups": "/lookup/",
    "lookup-count": "/lookup/count/",
    "lookup": f"/lookup/{LOOKUP}/",
    "lookup-export": f"/lookup/{LOOKUP}/export/",
    "lookup-again": f"/lookup/{LOOKUP}/again/",
    "lookup-selection": f"/lookup/{LOOKUP}/tray/",
    "connections": "/connections/",
    "connection-add": "/connections/add/",
    "connection-import": "/connections/import/",
    "connection-change": "/connections/small/",
    "connection-archive": "/connections/small/archive/",
    "budget-lift": "/budgets/1/lift/",
    "audit": "/audit/",
    "audit-event": "/audit/1/",
    "audit-export": "/audit/export/?format=csv",
    "job": f"/jobs/{JOB}/",
    "job-stop": f"/jobs/{JOB}/stop/",
    "job-resume": f"/jobs/{JOB}/resume/",
    "job-retry": f"/jobs/{JOB}/retry/",
    "job-file": f"/jobs/{FILE}/file/",
    "removal": f"/removals/{RECORD}/",
    "removal-close": f"/removals/{RECORD}/close/",
    "removal-look": f"/removals/{RECORD}/look/",
    "views": "/views/",
    "view-add": "/views/add/?connection=small&status=stored",
    "view-delete": "/views/9000/delete/",
    "keys": "/keys/",
    "styleguide": "/styleguide/",
    "healthz": "/healthz",
    "readyz": "/readyz",
}
OPEN: Final = {"sign-in", "sign-out", "healthz", "readyz"}
ADMINS: Final = (
    "budget-lift",
    "connection-purge",
    "connections",
    "connection-add",
    "connection-import",
    "connection-change",
    "connection-archive",
    "removal-close",
    "view-delete",  # of what somebody else shares
)
OPERATORS: Final = (
    "media-delete",
    "removal-look",
    "selection",
    "selection-change",
    "job-retry",
    "lookup-selection",
)
NEEDED: Final = {**dict.fromkeys(OPERATORS, "operator"), **dict.fromkeys(ADMINS, "admin")}
"""The least role of an address where it is not viewer."""
ROLES: Final = ("viewer", "operator", "admin")
FOR_ONE: Final = {"job-file"}
"""For whoever began it; for everybody else it does not exist."""
OWN: Final = {"job-stop", "job-resume"}
"""Marked for viewers, who may do it to what they began themselves; else it is an operator's."""
NO_PAGE: Final = {
    "budget-lift",
    "selection-change",
    "job-file",
    "job-stop",
    "job-resume",
    "job-retry",
    "lookup-count",
    "lookup-export",
    "lookup-again",
    "connection-scan",
    "lookup-selection",
    "sign-out",
    "report",
    "preferences",
    "media-live",
    "media-export-now",
    "media-reveal",
    "audit-export",
    "removal-look",
    "healthz",
    "readyz",
}
PAGES: Final = [name for name in ADDRESSES if name not in NO_PAGE]
MORE_PAGES: Final = {
    "list, sorted and filtered": "/c/small/media/?status=stored&sort=createdAt_asc",
    "list, grid of a million": "/c/big/media/?limit=100",
    "list, empty": "/c/empty/media/",
    "list, refused": "/c/small/media/?status=x",
    "list, stale": "/c/small/media/?cursor=x",
    "export, of filters": "/c/small/export/?status=stored&createdAtFrom=2026-01-01&sort=createdAt_asc",
    "export, refused": "/c/small/export/?status=x",
    "item, not cached": "/c/small/media/99999/",
    "item, tombstone": "/c/small/media/88888/",
    "item, no id": "/c/small/media/%2e%2e/",
    "item, odd": "/c/small/media/odd-label/",
    "search, refused": "/?q=4.49E%2B09",
    "link, to nothing": "/go",
    "link, bad ticket": "/go?media=449&ticket=%00",
    "link, no connection": "/go?media=449&connection=nowhere",
    "look-up, for a ticket": "/lookup/?connection=big&ticket=ZD-1",
    "look-up, no connection": "/lookup/?connection=nowhere",
    "look-up, none": "/lookup/5e771ed0-0000-4000-8000-00000000dead/",
    "connections, one kept": "/connections/?kept=small",
    "connections, import of none": "/connections/import/?row=0",
    "connections, none to change": "/connections/nowhere/",
    "no connection": "/c/nowhere/",
    "overview, never scanned": "/c/empty/overview/",
    "audit, every filter": "/audit/?verb=delete&actor=Omar+Haddad&connection=small&from=2026-01-01",
    "audit, further": "/audit/?before=0-1&limit=200&steps=all",
    "audit, refused": "/audit/?verb=x&from=soon&connection=nowhere",
    "audit, no event": "/audit/999/",
    "removal, none": "/removals/5e771ed0-0000-4000-8000-00000000dead/",
    "view, filters that cannot be read": "/views/add/?connection=small&status=x",
    "view, of no connection": "/views/add/?connection=nowhere",
    "view, none to delete": "/views/8999/delete/",
    "job, of one outcome": f"/jobs/{JOB}/?outcome=failed&page=2",
    "job, an export": f"/jobs/{FILE}/",
    "job, refused": f"/jobs/{JOB}/?outcome=x",
    "job, none": "/jobs/70b00000-0000-4000-8000-00000000dead/",
    "nowhere": "/nowhere",
}
EVERYWHERE: Final = {**{name: ADDRESSES[name] for name in PAGES}, **MORE_PAGES}


def stand_ready() -> None:
    """What some of these addresses name: a removal that nobody could settle, its event, a job, a view, a
    look-up."""
    small = Connection.objects.get(slug="small")
    record = removal(small, id=RECORD, media_id="77777", state=RemovalState.UNRESOLVED)
    job(small, id=JOB, total=3, why="The service asked to wait 30 s.", state=JobState.PAUSED)
    export = {"kind": Job.Kind.EXPORT, "form": "csv", "query": "status=stored", "finished_at": timezone.now()}
    job(small, id=FILE, subject="gone", person="Gerda Gone", state=JobState.DONE, size_bytes=1234, **export)
    saved_view("Stored for long", pk=9000, connection=small, is_shared=True, query="status=stored")
    event("media.delete.unresolved", small, removal=record, media_id="77777")
    told = {
        "type": "image",
        "duration": None,
        "variants": {"720": ["lost", None]},
    }
    answers = {str(small.pk): {"odd-many": told, "77777": None}}
    lookup(
        [small], id=LOOKUP, ids=["77777", "odd-many", "3"], malformed=[["a@b", "No ID.", 2]], answers=answers
    )


@contextmanager
def taken_back(sandbox: Sandbox) -> Iterator[None]:
    """Whatever a request does, here and at the service, is nothing to the next one."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # what is durable may stand in it, as in a test
    with block:
        yield
        transaction.set_rollback(True)
    if any(call.method == "DELETE" for call in sandbox.calls):
        sandbox.reset()
    sandbox.calls.clear()
