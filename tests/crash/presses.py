"""A process that is ready to remove, and forks: every press is a child of its own, as cheap as a fork.

It reads orders as lines of JSON and answers each with one. A press may be told at which of its lines to die,
which it does as a killed process does: at once, with nothing put in order.
"""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import wait
from tempfile import TemporaryFile
from typing import Any, Final

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection as database  # noqa: E402
from django.db import connections, transaction  # noqa: E402

from dashboard import service  # noqa: E402
from dashboard.audit import chain, retention  # noqa: E402
from dashboard.audit.reconcile import find_difference  # noqa: E402
from dashboard.jobs import lifecycle  # noqa: E402
from dashboard.models import Connection, Job, Removal  # noqa: E402
from dashboard.removals import actions, bulk, ledger, recovery, runner  # noqa: E402
from dashboard.removals.errors import ImpactChanged, IntentNotRecorded, OutcomeNotRecorded  # noqa: E402
from dashboard.removals.errors import RemovalInFlight as InFlight  # noqa: E402
from dashboard.removals.ledger import Intent  # noqa: E402
from tests import answers, make  # noqa: E402
from tests.crash.counts import report, spend  # noqa: E402
from tests.crash.steps import Steps  # noqa: E402
from tests.rights import as_owner, migrate  # noqa: E402


def prepare(connections_by_slug: dict[str, str], shown: list[str]) -> None:
    """Tables, static files, these connections (archived but for the shown ones), all imports of a press."""
    migrate()
    if "STATIC_COLLECTED" not in os.environ:  # by tests/run, before others read them beside this
        call_command("collectstatic", interactive=False, verbosity=0)
    for slug, connection_id in connections_by_slug.items():
        archived_at = None if slug in shown else datetime.now(UTC)
        make.connection(slug, connection_id=connection_id, archived_at=archived_at)
    carry_out({"slug": next(iter(connections_by_slug)), "media_id": "1"})
    service.get_client().close()
    service.get_client.cache_clear()
    gc.collect()
    gc.freeze()  # so that a child copies little


def press(presses: list[dict[str, Any]]) -> list[str]:
    """Press them all at the same instant; what each came to, "killed" where it did not come to anything."""
    return [said(*child) for child in at_once(presses)]


def race(presses: list[dict[str, Any]]) -> list[str]:
    """Press them all at the same instant; what the first half came to. The others are under way."""
    under_way.update((report, child) for child, report in at_once(presses))
    returned: list[str] = []
    while len(returned) < len(presses) // 2:
        ready = wait(list(under_way))
        returned += [said(under_way.pop(report), report) for report in list(under_way) if report in ready]
    return returned


def finish() -> list[str]:
    """What the others came to."""
    others = [said(child, report) for report, child in under_way.items()]
    under_way.clear()
    return others


def lines(of: dict[str, Any]) -> list[str]:
    """The watched lines that this press executes, in order; it is carried out."""

    def walk() -> str:
        steps = Steps()
        sys.settrace(steps)
        carry_out(of)
        sys.settrace(None)
        return json.dumps(steps.taken)

    return list(json.loads(said(*fork(walk))))


def reconcile() -> int:
    """Look after all that is due, as the keeper does; how many rows that were."""

    def until_none_is_due() -> str:
        count = 0
        while ledger.find_due().exists():
            count += recovery.reconcile_due()
        return str(count)

    return int(said(*fork(until_none_is_due)))


def begin(slug: str, shares: list[list[str]], tasks: int = 1) -> list[str]:
    """Begin a bulk removal of each of these shares of items, with so many tasks in the queue."""

    def each() -> str:
        connection = Connection.objects.get(slug=slug)
        begun = [bulk.begin(connection, intent_of_now(), share).job for share in shares]
        for job in begun * (tasks - 1):
            lifecycle.queue(job)
        return " ".join(str(job.pk) for job in begun)

    return said(*fork(each)).split()


def work() -> int:
    """Queue what nobody works on and run what is queued; how many jobs are left open."""

    def as_a_worker_does() -> str:
        lifecycle.queue_due_jobs()
        make.work_off()
        return str(Job.objects.filter(state__in=Job.OPEN).count())

    return int(said(*fork(as_a_worker_does)))


def stop(job: str) -> bool:
    """Press Stop."""
    return said(*fork(lambda: str(bulk.stop(Job.objects.get(pk=job), make.OMAR)))) == "True"


def verify(since: str | None = None) -> str:
    """What `manage.py audit_verify` prints; or what does not hold of all that came since then, mostly ""."""

    def read() -> str:
        if since:
            begun = datetime.fromisoformat(since)
            return str(chain.verify(since=begun).broken or find_difference(begun) or "")
        call_command("audit_verify", stdout=(out := io.StringIO()))
        return out.getvalue()

    return said(*fork(read))


def page(post: dict[str, Any]) -> list[Any]:
    """The status and the page that answer a deletion by form, after `sql` was said to the database."""

    def ask() -> str:
        settings.ALLOWED_HOSTS = ["testserver"]
        operator = make.signed_in("operator")
        fields = answers.hidden_fields(operator.get(post["path"]))
        with database.cursor() as cursor:
            cursor.execute(post["sql"])
        answer = operator.post(post["path"], {**fields, "ticket": "ZD-1", "reason": post.get("reason", "")})
        return json.dumps([answer.status_code, answers.text(answer)])

    return list(json.loads(said(*fork(ask))))


def ask(sql: str) -> list[Any]:
    """What a new connection of the program's finds."""

    def query() -> str:
        with database.cursor() as cursor:
            cursor.execute(sql)
            return json.dumps(cursor.fetchall())

    return list(json.loads(said(*fork(query))))


ORDERS: Final[dict[str, Callable[..., Any]]] = {
    order.__name__: order
    for order in (prepare, press, race, finish, lines, reconcile, begin, work, stop, verify, page, ask)
}


under_way: Final[dict[int, int]] = {}


def at_once(presses: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """A child for each of the presses, none of which begins before all are ready."""
    start, started = os.pipe()

    def wait_and_carry_out(one: dict[str, Any]) -> str:
        os.close(started)
        database.ensure_connection()
        os.read(start, 1)  # ends for all of them when the last writer is gone
        sys.settrace(Steps(one.get("dies_at", 0)) if "dies_at" in one else None)
        return carry_out(one)

    children = [fork(partial(wait_and_carry_out, one)) for one in presses]
    os.close(start)
    os.close(started)
    return children


def trim_and_undo(times: int) -> str:
    """Trim the whole audit to its newest event, in transactions that are given up."""
    for _ in range(times):
        with as_owner(), transaction.atomic(), TemporaryFile("w") as file:
            retention.trim(datetime.now(UTC), file, make.OMAR)
            transaction.set_rollback(True)
        time.sleep(0.1)  # whoever waits for SQLite's lock stands in no queue, and looks as seldom as this
    return "trimmed"


def intent_of_now(by: str = "omar") -> Intent:
    return Intent(make.omar(subject=by), uuid.uuid4(), ticket="ZD-7", reason="asked for")


def carry_out(one: dict[str, Any]) -> str:
    """Delete the item, purge where none is named, recover what was left behind, or begin a bulk removal or
    get on with one; the state it came to."""
    if times := one.get("trims"):
        return trim_and_undo(times)
    if "spends" in one:
        return spend(*one["spends"])
    if "reports" in one:
        return report(one["reports"])
    if job := one.get("drain"):
        runner.run(uuid.UUID(job))
        return str(Job.objects.get(pk=job).state)
    connection = Connection.objects.get(slug=one["slug"])
    media_id = one.get("media_id", "")
    intent = intent_of_now(one.get("by", "omar"))
    if share := one.get("begin"):
        return str(bulk.begin(connection, intent, share).job.state)
    try:
        if one.get("recover"):
            left = Removal.objects.filter(connection=connection, media_id=media_id)
            record = recovery.recover(left.select_related("connection").get())
        elif media_id:
            record = actions.delete_item(connection, media_id, intent)
        else:
            record = actions.purge(connection, intent, make.LARGE_IMPACT)
    except (InFlight, IntentNotRecorded, OutcomeNotRecorded, ImpactChanged) as refused:
        return type(refused).__name__
    return str(record.state)


def fork(what: Callable[[], str]) -> tuple[int, int]:
    """Start `what` in a child; its process id, and where it says what came of it."""
    report, reporting = os.pipe()
    if child := os.fork():
        os.close(reporting)
        return child, report
    try:
        told = what()
        sys.settrace(None)
        connections.close_all()
        os.write(reporting, told.encode())
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def said(child: int, report: int) -> str:
    """What the child said at its end; "killed" where it was, and an error where it ended otherwise."""
    with os.fdopen(report) as words:
        told = words.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGKILL:
        return "killed"
    assert code == 0, f"a child ended with {code}"
    return told


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the audit says its lines on stdout
    for line in sys.stdin:
        told = json.loads(line)
        try:
            answer = {"answer": ORDERS[told.pop("order")](**told)}
        except Exception:
            answer = {"failed": traceback.format_exc()}
        connections.close_all()  # none is carried over a fork
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
