"""A clock that jumps leaves rows that are dated in the future: none of them is left to wait for that day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.crash.stage import Stage, Target


def lost(stage: Stage) -> Target:
    """An item whose deletion was carried out by a process that was killed before the answer."""
    target = stage.item()
    press = {"slug": target[0], "media_id": target[1]}
    lines = stage.order("lines", of={**press, "media_id": stage.item()[1]})
    answered = 1 + max(number for number, line in enumerate(lines, 1) if line.startswith("vault/"))
    assert stage.order("press", presses=[{**press, "dies_at": answered}]) == ["killed"]
    return target


def date(stage: Stage, target: Target, **moments: timedelta) -> None:
    """Give the target's row these moments, as a clock that was so far ahead would have."""
    at = ", ".join(f"{name} = '{datetime.now(UTC) + ahead}'" for name, ahead in moments.items())
    assert stage.database.write(f"UPDATE dashboard_removal SET {at} WHERE media_id = '{target[1]}'") == 1


def test_sent_by_a_clock_that_was_an_hour_ahead(stage: Stage) -> None:
    target = lost(stage)
    date(stage, target, sent_at=timedelta(hours=1), lease_until=timedelta(hours=1, seconds=30))
    assert stage.order("reconcile") == 1
    assert stage.accounts()[target].states == ["verified_gone"]
    assert stage.balance([target]) == {"verified_gone": 1}


def test_looked_at_next_by_a_clock_that_was_an_hour_ahead(stage: Stage) -> None:
    target = lost(stage)
    stage.age()
    stage.service.faults.add(method="GET", status=500, times=None)
    assert stage.order("reconcile") == 1
    assert stage.accounts()[target].states == ["unknown"]
    stage.service.faults.clear()
    date(stage, target, sent_at=timedelta(hours=1), next_look_at=timedelta(hours=1, seconds=2))
    assert stage.order("reconcile") == 1
    assert stage.balance([target]) == {"verified_gone": 1}
