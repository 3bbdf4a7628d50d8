"""The fault matrix: each way in which the service fails, met by each thing that the program does with it."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from dashboard import vault
from dashboard.exports import job as export
from dashboard.jobs.lifecycle import PATIENCE
from dashboard.models import Job, Removal
from dashboard.removals import bulk, runner
from dashboard.removals.ledger import Intent
from dashboard.scans import scan
from dashboard.vault import MediaQuery, Timeouts
from tests import make, wire
from tests.answers import hidden_fields, text, words_in
from tests.environment import API_KEY
from tests.faults.raw_server import RawServer, Reply, Wire, answer, says
from tests.faults.vault_calls import MANY_SECONDS
from tests.make import SMALL_ID, Browser

TABLE: Final = Path(__file__).resolve().parents[2] / "docs" / "faults.md"

ITEM: Final = "4492994399"
LINK: Final = "example-signed-media-url"
SECRETS: Final = (API_KEY, SMALL_ID, LINK)
"""What stands in no page, no job, no record and no line of the log."""

HEAD: Final = b"HTTP/1.1 200 OK\r\n"
TOLD: Final = {"error": f"Refused {API_KEY} of {SMALL_ID}, see https://media.ofauth.com/{LINK}"}


def silence(wire: Wire) -> None:
    wire.stay_silent()


def close(wire: Wire) -> None:
    pass


def reset(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-")
    wire.reset()


def drip_head(wire: Wire) -> None:
    wire.send(HEAD + b"X-Filler: ")
    wire.drip(b" " * 100_000)


def drip_body(wire: Wire) -> None:
    wire.send(HEAD + b"Content-Length: 100000\r\n\r\n")
    wire.drip(b" " * 100_000)


def cut(wire: Wire) -> None:
    wire.send(HEAD + b'Content-Length: 1000\r\n\r\n{"items":')


def endless_chunks(wire: Wire) -> None:
    wire.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
    wire.stay_silent()


def no_length(wire: Wire) -> None:
    wire.send(HEAD + b'\r\n{"items": [')


def endless_body(wire: Wire) -> None:
    wire.send(HEAD + b"Content-Length: 1073741824\r\n\r\n")
    while not wire.stopping.is_set():
        wire.send(b" " * 65_536)


REFUSED_PORT, NO_NAME, NO_TRUST = "refused port", "unknown name", "untrusted certificate"

FAULTS: Final[dict[str, Reply | None]] = {
    REFUSED_PORT: None,
    NO_NAME: None,
    NO_TRUST: None,
    "silence": silence,
    "closed before answering": close,
    "reset within the head": reset,
    "dripping head": drip_head,
    "head of 256 KiB": HEAD + b"X-Filler: " + b"x" * 262_144 + b"\r\n\r\n{}",
    "dripping body": drip_body,
    "shorter than its length": cut,
    "ended without a length": no_length,
    "chunks without an end": endless_chunks,
    "body of 1 GiB": endless_body,
    "gzip bomb": answer(200, gzip.compress(b" " * 20_000_000, 1), Content_Encoding="gzip"),
    "empty 200": answer(200),
    "HTML as 200": answer(200, "<html>maintenance</html>"),
    "HTML as 502": answer(502, "<html>bad gateway</html>"),
    "no UTF-8": answer(200, b'{"items": "\xff"}'),
    "byte order mark": answer(200, b"\xef\xbb\xbf{}"),
    "NaN": answer(200, '{"items": NaN, "success": NaN}'),
    "200,000 brackets": answer(200, "[" * 200_000),
    "list on top": answer(200, "[]"),
    "null": answer(200, "null"),
    **{str(status): says(TOLD, status) for status in (400, 401, 403, 404, 408, 409, 418, 422, 425, 451)},
    **{str(status): says(TOLD, status) for status in (500, 503)},
    "429": says(TOLD, 429),
    "429, wait 90 s": says(TOLD, 429, Retry_After="90"),
    "503, wait 90 s": says(TOLD, 503, Retry_After="90"),
    "302 to itself": says(TOLD, 302, Location="/v2/vault-plus/media"),
    "307 to another host": says(TOLD, 307, Location="https://evil.example/"),
}

SLOW: Final = {"silence", "dripping head", "dripping body", "chunks without an end", "body of 1 GiB"}
"""Those that only a deadline ends."""

REMOVALS: Final = ("delete", "purge", "bulk")
COLUMNS: Final = ("list", "item", "batch", "look-up", *REMOVALS, "scan", "export")

TIMEOUTS: Final[dict[bool, tuple[Timeouts, ...]]] = {
    False: (vault.PAGE_TIMEOUTS, vault.HELPER_TIMEOUTS, vault.WORKER_TIMEOUTS),
    True: (vault.PAGE_DELETE_TIMEOUTS, vault.WORKER_DELETE_TIMEOUTS, vault.PURGE_TIMEOUTS),
}
"""The limits of calls that read, and of those that remove."""

TITLES: Final = {
    "The service was not reached": "not reached",
    "The service sent something we cannot use": "unusable",
    "The service did not accept the request": "not accepted",
    "The service refused our key": "key refused",
    "The service asks us to wait": "to wait",
    "is not in the cache of": "not cached",
}
"""The words of an error, as every page and job says them, and as the table does."""


class Cell(NamedTuple):
    """What became of it, as the table says it; and all that was told of it."""

    outcome: str
    told: str


def read_table() -> dict[tuple[str, ...], dict[str, str]]:
    """Return what each of the columns comes to, by the faults of a line."""
    rows = [line.strip("| \n").split("|") for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row] for row in rows]
    head = cells[0]
    lines = [row for row in cells[2:] if len(row) == len(head)]
    return {tuple(row[0].split(" · ")): read_cells(head[1:], row[1:]) for row in lines}


def read_cells(head: list[str], row: list[str]) -> dict[str, str]:
    """Return the cells by column; a head may name several."""
    return {column: cell for names, cell in zip(head, row, strict=True) for column in names.split(", ")}


@contextmanager
def limits(*, of_removals: bool, seconds: float) -> Iterator[None]:
    """Give calls of the kind that is to fail so many seconds, and others many.

    Neither a gap nor a connection ends a call meanwhile: only its deadline does.
    """
    usual = [(one, replace(one)) for group in TIMEOUTS.values() for one in group]
    for kind, group in TIMEOUTS.items():
        for one in group:
            total = seconds if kind is of_removals else MANY_SECONDS
            write(one, replace(one, total=total, read=3 * MANY_SECONDS, connect=3 * MANY_SECONDS, attempts=2))
    try:
        yield
    finally:
        for one, as_it_was in usual:
            write(one, as_it_was)


def write(one: Timeouts, other: Timeouts) -> None:
    """Write into limits that nothing else may change; the functions have them as defaults."""
    for field in fields(one):
        object.__setattr__(one, field.name, getattr(other, field.name))


class Faulty(RawServer):
    """A service with one item, which fails where it is told to."""

    fault: Reply | None = None
    is_for_removals = False
    met = 0

    def good(self, path: str) -> bytes:
        item = wire.item(ITEM, media={"full": wire.variant(url=f"https://media.ofauth.com/{LINK}")})
        return says(item if path.endswith(ITEM) else {"items": [item]})

    def reply(self, wire: Wire) -> bool | None:
        request = self.requests[-1]
        if self.fault is None or self.is_for_removals != (request.method == "DELETE"):
            wire.send(self.good(request.path))
            return True
        self.met += 1
        if callable(self.fault):
            return self.fault(wire)
        wire.send(self.fault)
        return True


class Stage:
    """The program before a service that fails, with everything ready to be pressed."""

    def __init__(self, server: Faulty) -> None:
        self.server = server
        self.admin: Browser = make.signed_in("admin")
        self.small = make.connection("small", label="Studio A", connection_id=SMALL_ID)
        self.admin.post("/c/small/tray/change/", {"item": f"{ITEM} 1 1"})
        self.forms = {
            name: hidden_fields(self.admin.get(f"/c/small/{path}"))
            for name, path in (("delete", f"media/{ITEM}/delete/"), ("purge", "purge/"))
        }

    def meet(self, column: str) -> Cell:
        """Do it, and return what becomes of it and how many calls it took."""
        self.server.met = 0
        outcome, told = getattr(self, f"do_{column.replace('-', '_')}")()
        return Cell(f"{outcome} x{self.server.met}", told)

    def page(self, answer: Any) -> tuple[str, str]:
        page = text(answer)
        return f"{answer.status_code} {find_words(page)}", page

    def do_list(self) -> tuple[str, str]:
        return self.page(self.admin.get("/c/small/media/"))

    def do_item(self) -> tuple[str, str]:
        return self.page(self.admin.get(f"/c/small/media/{ITEM}/"))

    def do_batch(self) -> tuple[str, str]:
        return self.page(self.admin.get("/c/small/tray/"))

    def do_look_up(self) -> tuple[str, str]:
        return self.page(self.admin.post("/lookup/", {"ids": ITEM, "connection": "small"}, follow=True))

    def do_delete(self) -> tuple[str, str]:
        said = {"ticket": "ZD-1", **self.forms["delete"]}
        return self.removed(self.admin.post(f"/c/small/media/{ITEM}/delete/", said))

    def do_purge(self) -> tuple[str, str]:
        said = {"typed": "Studio A", "ticket": "ZD-1", "reason": "asked for"}
        return self.removed(self.admin.post("/c/small/purge/", {**said, **self.forms["purge"]}))

    def removed(self, answer: Any) -> tuple[str, str]:
        rows = list(Removal.objects.all())
        outcome, page = self.page(answer)
        if rows:
            [row] = rows
            outcome = f"{answer.status_code} {row.state}"
            page += row.service_text + write_events(row)
        return outcome, page

    def do_bulk(self) -> tuple[str, str]:
        job = bulk.begin(self.small, Intent(make.OMAR, uuid.uuid4()), [ITEM]).job
        self.let_others_wait()
        runner.run(job.pk)
        [row] = job.removals.all()
        outcome, told = self.ended(job)
        return f"{outcome}, {row.state}", told + row.service_text + write_events(row)

    def do_scan(self) -> tuple[str, str]:
        job = scan.begin(self.small, make.OMAR)
        self.let_others_wait()
        scan.run(job.pk)
        return self.ended(job)

    def do_export(self) -> tuple[str, str]:
        job = export.begin(make.OMAR, self.small, MediaQuery(), "csv", uuid.uuid4())
        self.let_others_wait()
        export.run(job.pk)
        return self.ended(job)

    def let_others_wait(self) -> None:
        """Have a job that only waits give its thread back, so that a test need not wait, either."""
        another = {"args": ["another"], "kwargs": {}}
        DBTaskResult.objects.update(enqueued_at=timezone.now() - 2 * PATIENCE, args_kwargs=another)

    def ended(self, job: Job) -> tuple[str, str]:
        job.refresh_from_db()
        words = find_words(job.why) if job.why else ""
        return f"{job.state} {words}".strip(), f"{job.why} {text(self.admin.get(job.get_absolute_url()))}"


def find_words(told: str) -> str:
    """Return the words of the error that is told, as the table has them."""
    said = words_in(told)
    return " ".join(short for title, short in TITLES.items() if title in said)


def write_events(row: Removal) -> str:
    return "".join(row.events.values_list("line", flat=True))
