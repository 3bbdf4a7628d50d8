"""A process that removes is killed at every line of ours, and so is one that looks after what was left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest

from tests.crash.stage import Stage, Target

CONCURRENCY: Final = 4
"""Processes that are killed side by side."""

SPARE: Final = 12
"""More to leave behind for the keeper, which dies once for each."""

ACTIONS: Final = "removals/actions.py"
LEDGER: Final = "removals/ledger.py"
RECOVERY: Final = "removals/recovery.py"

WATCHED: Final = {
    "delete": (16, (ACTIONS, LEDGER, "removals/just_ended.py", "audit/")),
    "purge": (16, (ACTIONS, LEDGER, "removals/impact.py")),  # the audit does not know the one from the other
    "delete, answer lost": (40, (ACTIONS, LEDGER, RECOVERY)),
    "purge, answer lost": (40, (ACTIONS, RECOVERY)),
    "keeper of a delete": (40, (LEDGER, RECOVERY)),
    "keeper of a purge": (40, (RECOVERY,)),
}
"""Who is killed: at one in so many of the client's lines, and at every one of these files'."""

Tell = Callable[[str, int, list[Target]], object]
Press = dict[str, Any]


@pytest.mark.parametrize("verb", ["delete", "purge"])
def test_killed_at_every_line(stage: Stage, verb: str, tell: Tell) -> None:
    """First the process that removes; then, with what it left behind, the one that looks after that."""
    lines = lines_of(stage, press_of(target_of(stage, verb)))
    numbers = choose(verb, lines) + [when_answered(lines)] * SPARE
    targets = [target_of(stage, verb) for _ in numbers]
    kill(stage, map(press_of, targets), numbers)
    stage.age()
    accounts = stage.accounts()
    left = [one for one in targets if accounts[one].states == ["sent"] and accounts[one].calls]
    keeper = f"keeper of a {verb}"
    numbers = choose(keeper, lines_of(stage, recovery_of(left.pop())))
    assert len(numbers) <= len(left)
    looked_after = left[: len(numbers)]
    kill(stage, map(recovery_of, looked_after), numbers)
    stage.reconcile()
    tell(verb, len(targets), targets)
    tell(keeper, len(looked_after), looked_after)
    became = stage.balance(targets)
    assert set(became) == {"no row", "verified_present", "verified_gone", "deleted"}
    assert stage.sent(targets) == became["verified_gone"] + became["deleted"]
    assert stage.balance(looked_after) == {"verified_gone": len(looked_after)}


@pytest.mark.parametrize("verb", ["delete", "purge"])
def test_killed_at_every_line_after_a_lost_answer(stage: Stage, verb: str, tell: Tell) -> None:
    what = f"{verb}, answer lost"
    usual = lines_of(stage, press_of(target_of(stage, verb)))
    stage.service.faults.add(method="DELETE", close=True, act=True, times=None)
    lost = lines_of(stage, press_of(target_of(stage, verb)))
    parting = next(at for at, line in enumerate(lost) if line not in usual)  # what handles the loss
    numbers = [number for number in choose(what, lost) if number > parting]
    targets = [target_of(stage, verb) for _ in numbers]
    kill(stage, map(press_of, targets), numbers)
    stage.reconcile()
    tell(what, len(targets), targets)
    assert stage.balance(targets) == {"verified_gone": len(targets)}


def when_answered(lines: list[str]) -> int:
    """The step after the client's last: the call is made, and nothing of it written down."""
    return 1 + max(number for number, line in enumerate(lines, 1) if line.startswith("vault/"))


def choose(who: str, lines: list[str]) -> list[int]:
    """The steps to die at: the first and the last run of each line, of the audit's only the last."""
    one_in, files = WATCHED[who]
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.startswith(files)]
    last = {line: number for number, line in numbered}
    first = {line: number for number, line in reversed(numbered) if not line.startswith("audit/")}
    client = [number for number, line in enumerate(lines, 1) if line.startswith("vault/")]
    return sorted({*last.values(), *first.values(), *client[::one_in]})


def kill(stage: Stage, presses: Iterable[Press], numbers: list[int]) -> None:
    """Kill a process for each of these presses, each at its step."""
    dying = [{**press, "dies_at": number} for press, number in zip(presses, numbers, strict=True)]
    for start in range(0, len(dying), CONCURRENCY):
        part = dying[start : start + CONCURRENCY]
        assert stage.order("press", presses=part) == ["killed"] * len(part)


def lines_of(stage: Stage, press: Press) -> list[str]:
    """The lines that this press executes, one after another."""
    lines: list[str] = stage.order("lines", of=press)
    return lines


def target_of(stage: Stage, verb: str) -> Target:
    return stage.item() if verb == "delete" else stage.cellar()


def press_of(target: Target) -> Press:
    slug, media_id = target
    return {"slug": slug, "media_id": media_id}


def recovery_of(target: Target) -> Press:
    return {**press_of(target), "recover": True}
