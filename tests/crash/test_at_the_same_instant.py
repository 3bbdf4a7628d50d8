"""Processes that press at the same instant: one call a target, and one number an event."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from dashboard.policy_reports import MAX_KINDS_A_DAY
from tests.crash.stage import ITEMS, Stage, Target

PAIRS = 5
PLANNED_AGAIN = (
    "UPDATE dashboard_removal SET state = 'planned', claim = NULL, lease_until = NULL WHERE state = 'claimed'"
)


def press_of(target: Target) -> dict[str, Any]:
    return {"slug": target[0], "media_id": target[1]}


@pytest.mark.parametrize(("verb", "rounds"), [("delete", 10), ("purge", 2)])
def test_of_two_who_press_at_once_one_sends(stage: Stage, verb: str, rounds: int) -> None:
    for _ in range(rounds):
        targets = [stage.item() if verb == "delete" else stage.cellar() for _ in range(PAIRS)]
        with stage.relay.holding():
            first = stage.order("race", presses=[press_of(target) for target in targets for _ in range(2)])
            assert first == ["RemovalInFlight"] * PAIRS
            stage.relay.let_go()
            assert stage.order("finish") == ["deleted"] * PAIRS
        assert stage.balance(targets) == {"deleted": PAIRS}
        assert stage.sent(targets) == PAIRS


def by_eight(target: Target) -> list[dict[str, Any]]:
    return [{**press_of(target), "by": f"person-{number}"} for number in range(8)]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({}, "deleted"),
        ({"latency_ms": 200}, "deleted"),
        ({"status": 500}, "verified_present"),
        ({"status": 409}, "rejected"),
        ({"close": True, "act": True}, "verified_gone"),
    ],
)
def test_eight_who_delete_one_item_at_once_make_one_call(
    stage: Stage, fault: dict[str, Any], outcome: str
) -> None:
    """Whoever does not make it is told who does, or what became of it."""
    for _ in range(3):
        target = stage.item()
        stage.service.faults.add(method="DELETE", times=None, **fault)
        said = stage.order("press", presses=by_eight(target))
        stage.service.faults.clear()
        assert outcome in said
        assert set(said) <= {outcome, "RemovalInFlight"}
        assert stage.balance([target]) == {outcome: 1}
        assert stage.sent([target]) == 1


@pytest.mark.parametrize("fault", [{}, {"latency_ms": 200}, {"close": True, "act": True}])
def test_six_presses_by_two_admins_are_one_purge(stage: Stage, fault: dict[str, Any]) -> None:
    """All of them have seen the same; what they saw is worth nothing once the first purge has ended."""
    for _ in range(3):
        target = stage.cellar()
        stage.service.faults.add(method="DELETE", times=None, **fault)
        presses = [{**press_of(target), "by": f"admin-{number % 2}"} for number in range(6)]
        said = stage.order("press", presses=presses) + stage.order("press", presses=presses)
        stage.service.faults.clear()
        assert [one for one in said if one not in ("RemovalInFlight", "ImpactChanged")] in (
            ["deleted"],
            ["verified_gone"],
        )
        assert said[6:] == ["ImpactChanged"] * 6
        assert sum(stage.balance([target]).values()) == 1
        assert stage.sent([target]) == 1


def test_who_deletes_one_item_waits_for_nobody_who_deletes_another(stage: Stage) -> None:
    held, *others = (stage.item() for _ in range(4))
    stage.service.faults.add(method="DELETE", path=f"/{held[1]}$", hold=True, times=None)
    assert stage.order("race", presses=[press_of(held)] * 2) == ["RemovalInFlight"]
    presses = [press for other in others for press in by_eight(other)[:2]]
    assert set(stage.order("press", presses=presses)) <= {"deleted", "RemovalInFlight"}
    assert stage.balance(others) == {"deleted": 3}
    stage.service.faults.clear()
    assert stage.order("finish") == ["deleted"]
    assert stage.sent([held, *others]) == 4


def test_twenty_at_once_keep_the_chain_whole(stage: Stage) -> None:
    before = stage.count_events()
    targets = [stage.item() for _ in range(20)]
    assert stage.order("press", presses=[press_of(target) for target in targets]) == ["deleted"] * 20
    assert stage.balance(targets) == {"deleted": 20}
    assert stage.count_events() == before + 2 * 20


def test_leases_that_end_at_any_moment(stage: Stage) -> None:
    """Of those who drain one job: whoever lost a claim to another sends nothing by it."""

    def end_leases() -> None:
        pause, sent = 0.1, 0
        while not over.wait(pause):
            before, sent = sent, sum(call.method == "DELETE" for call in stage.service.calls)
            pause = 0.1 if sent > before else pause * 1.5  # on a busy machine nobody would come to send any
            stage.database.write(PLANNED_AGAIN)

    targets = [stage.item() for _ in range(12)]
    [job] = stage.order("begin", slug=ITEMS, shares=[[media_id for _, media_id in targets]])
    over = threading.Event()
    ending = threading.Thread(target=end_leases)
    ending.start()
    try:
        for _ in range(200):
            if "done" in stage.order("press", presses=[{"drain": job}] * 3):
                break
    finally:
        over.set()
        ending.join()
    assert stage.balance(targets) == {"deleted": 12}
    assert stage.sent(targets) == 12


def test_trimming_stops_nobody(stage: Stage) -> None:
    """It waits for its turn at the chain's end before it locks the table, as those do who add to it."""
    targets = [stage.item() for _ in range(12)]
    said = stage.order("press", presses=[*map(press_of, targets), {"trims": 40}])
    assert said == [*["deleted"] * 12, "trimmed"]
    assert stage.balance(targets) == {"deleted": 12}


@pytest.mark.parametrize(("kind", "amount", "limit"), [("deletions", 1, 100), ("lookups", 7, 500)])
def test_four_processes_share_one_budget(stage: Stage, kind: str, amount: int, limit: int) -> None:
    before = stage.count_events()
    taken = stage.order("press", presses=[{"spends": [kind, amount, limit, 40]}] * 4)
    assert sum(map(int, taken)) == limit // amount * amount
    assert [(event["code"], event["result"]["kind"]) for event in stage.events()[before:]] == [
        ("access.limited", kind)
    ]


def test_four_processes_count_each_report_and_no_more_kinds_than_a_day_has(stage: Stage) -> None:
    number = MAX_KINDS_A_DAY + 20
    assert stage.order("press", presses=[{"reports": number}] * 4) == ["counted"] * 4
    rows = stage.database.rows("SELECT blocked, count FROM dashboard_policyreport")
    counts = dict(rows)
    assert len(rows) == len(counts) == MAX_KINDS_A_DAY + 1
    assert counts["a.example"] == 4 * number
    assert sum(counts.values()) == 2 * 4 * number
