"""Whoever begins or drains a bulk removal is killed at every line; the next worker ends what was begun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.crash.stage import ITEMS, Stage, Target

CONCURRENCY: Final = 4
"""Processes that are killed side by side."""

SHARE: Final = 2
"""Items of each job: the second is sent while the first is under way."""

DRAINING: Final = (
    "removals/runner.py",
    "removals/claims.py",
    "jobs/lifecycle.py",
    "removals/bulk.py",
    "removals/ledger.py",
    "removals/actions.py",
)
BEGINNING: Final = ("removals/bulk.py", "removals/claims.py", "jobs/lifecycle.py")

Tell = Callable[[str, int, list[Target]], object]


@pytest.mark.parametrize("answers", ["", ", answers lost"])
def test_killed_at_every_line_of_a_drain(stage: Stage, tell: Tell, answers: str) -> None:
    (probe, _), (other, _) = begin(stage, 2)
    usual = stage.order("lines", of={"drain": probe})
    deaths = choose(stage, DRAINING, usual)
    if answers:
        stage.service.faults.add(method="DELETE", close=True, act=True, times=None)
        lines = stage.order("lines", of={"drain": other})
        lost = Counter(line for line in lines if line.startswith("removals/runner.py"))
        deaths = [f"{line}*{times}" for line, times in lost.items() if times == SHARE or line not in usual]
    begun = begin(stage, len(deaths))
    presses = [{"drain": job, "dies_at": line} for (job, _), line in zip(begun, deaths, strict=True)]
    killed = kill(stage, presses)
    assert killed >= len(presses) * 0.9, (
        "which lines are run how often depends on how fast the calls come back"
    )
    stage.service.faults.clear()
    stage.work()
    targets = [target for _, targets in begun for target in targets]
    tell(f"drain of {SHARE}{answers}", killed, targets)
    became = stage.balance(targets)
    assert set(became) <= {"deleted", "verified_gone", "verified_present"}
    assert stage.sent(targets) == became["deleted"] + became["verified_gone"]
    assert_over(stage, [job for job, _ in begun])


def test_killed_at_every_line_of_a_beginning(stage: Stage, tell: Tell) -> None:
    """Then there is the whole job, with its rows, its event and its task, or nothing at all."""
    stage.work()
    stage.database.write("DELETE FROM django_tasks_database_dbtaskresult")  # those of jobs that were stopped
    lines = stage.order("lines", of={"slug": ITEMS, "begin": [stage.item()[1] for _ in range(SHARE)]})
    deaths = choose(stage, BEGINNING, lines)
    shares = [[stage.item() for _ in range(SHARE)] for _ in deaths]
    ids = [[media_id for _, media_id in share] for share in shares]
    presses = [
        {"slug": ITEMS, "begin": share, "dies_at": line} for share, line in zip(ids, deaths, strict=True)
    ]
    assert kill(stage, presses) == len(presses)
    planned = Counter(one["result"]["job"] for one in stage.events() if one["code"] == "media.bulk.planned")
    jobs = "SELECT id FROM dashboard_job"
    assert set(planned) == {uuid_text(job) for (job,) in stage.database.rows(jobs)}
    assert set(planned.values()) == {1}
    tasks = "SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'READY'"
    waiting = "SELECT count(*) FROM dashboard_job WHERE state = 'waiting'"
    assert stage.database.rows(tasks) == stage.database.rows(waiting)
    accounts = stage.accounts()
    for share in shares:
        assert [accounts[target].outcome for target in share] in ([["no row"] * SHARE, ["planned"] * SHARE])
    stage.work()
    targets = [target for share in shares for target in share]
    tell(f"beginning of {SHARE}", len(presses), targets)
    assert set(stage.balance(targets)) == {"no row", "deleted"}


def begin(stage: Stage, count: int) -> list[tuple[str, list[Target]]]:
    """So many jobs, and the items of each."""
    shares = [[stage.item() for _ in range(SHARE)] for _ in range(count)]
    ids = [[media_id for _, media_id in share] for share in shares]
    return list(zip(stage.order("begin", slug=ITEMS, shares=ids), shares, strict=True))


def choose(stage: Stage, files: tuple[str, ...], lines: list[str]) -> list[str]:
    """Where to die: at the first run of each line of these files, on PostgreSQL of every other one: the lines
    are the same, and what may differ is what the database makes of a transaction without an end."""
    each = [f"{line}*1" for line in dict.fromkeys(lines) if line.startswith(files)]
    return each if stage.database.name == "SQLite" else each[::-2]


def kill(stage: Stage, presses: list[dict[str, Any]]) -> int:
    """Kill a process for each of these presses; how many came to the line at which they die."""
    killed = 0
    for start in range(0, len(presses), CONCURRENCY):
        killed += stage.order("press", presses=presses[start : start + CONCURRENCY]).count("killed")
    return killed


def assert_over(stage: Stage, jobs: list[str]) -> None:
    """Each is done, and its record says so once."""
    ends = Counter(e["result"]["job"] for e in stage.events() if e["code"] == "media.bulk.finished")
    assert {ends[job] for job in jobs} == {1}
    states = {
        uuid_text(job): state for job, state in stage.database.rows("SELECT id, state FROM dashboard_job")
    }
    assert {states[job] for job in jobs} == {"done"}


def uuid_text(number: Any) -> str:
    """As events have it: SQLite keeps one without its hyphens."""
    text = str(number).replace("-", "")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
