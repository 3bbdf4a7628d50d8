"""The shipped server's worker is killed with a deletion and a purge under way, at each step of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest
import requests

from tests.crash.program import Program
from tests.crash.stage import OPEN, Stage, Target

Press = Callable[[], None]
Moment = Callable[[Stage, Press], AbstractContextManager[None]]


@contextmanager
def before_the_intent_is_committed(stage: Stage, press: Press) -> Iterator[None]:
    reads = len(stage.service.calls)
    with stage.database.locked():
        press()
        stage.wait_until(lambda: len(stage.service.calls) > reads, "the item was not read")
        stage.database.wait_for_writers(2)
        yield


@contextmanager
def before_a_byte_reaches_the_service(stage: Stage, press: Press) -> Iterator[None]:
    with stage.relay.holding():
        press()
        stage.relay.wait_for(2)
        yield


@contextmanager
def with_its_bytes_on_the_wire(stage: Stage, press: Press) -> Iterator[None]:
    """They arrive all the same, and nobody is there for the answer."""
    before = len(stage.removals())
    with stage.relay.holding():
        press()
        stage.relay.wait_for(2)
        yield
        stage.relay.let_go()
        stage.wait_until(lambda: len(stage.removals()) == before + 2, "the calls did not arrive")


@contextmanager
def during_the_call_nothing_done(stage: Stage, press: Press) -> Iterator[None]:
    yield from hanging(stage, press, act=False)


@contextmanager
def during_the_call_all_done(stage: Stage, press: Press) -> Iterator[None]:
    yield from hanging(stage, press, act=True)


def hanging(stage: Stage, press: Press, *, act: bool) -> Iterator[None]:
    before = len(stage.removals())
    stage.service.faults.add(method="DELETE", hang=True, act=act, times=2)
    press()
    stage.wait_until(lambda: len(stage.removals()) == before + 2, "the calls did not arrive")
    try:
        yield
    finally:
        stage.service.faults.clear()


@contextmanager
def after_the_answer_before_the_outcome_is_committed(stage: Stage, press: Press) -> Iterator[None]:
    with stage.relay.holding():
        press()
        stage.relay.wait_for(2)
        with stage.database.locked():
            stage.relay.let_go()
            stage.wait_until(lambda: all(call.status for call in stage.removals()[-2:]), "no answer")
            stage.database.wait_for_writers(2)
            yield


MOMENTS: list[tuple[Moment, str, int]] = [
    (before_the_intent_is_committed, "no row", 0),
    (before_a_byte_reaches_the_service, "verified_present", 0),
    (with_its_bytes_on_the_wire, "verified_gone", 2),
    (during_the_call_nothing_done, "verified_present", 2),
    (during_the_call_all_done, "verified_gone", 2),
    (after_the_answer_before_the_outcome_is_committed, "verified_gone", 2),
]
"""Where the worker is killed, what becomes of both removals, and how many calls the service had seen."""


@pytest.fixture(scope="module")
def started() -> Iterator[dict[str, Program]]:
    """A server a database; they end with this file, for their keepers would help the other tests."""
    started: dict[str, Program] = {}
    yield started
    for program in started.values():
        program.stop()


@pytest.fixture
def program(stage: Stage, started: dict[str, Program]) -> Program:
    """The server of this database."""
    name = stage.database.name
    if name not in started:
        started[name] = Program(stage.folder, stage.environment())
    return started[name]


@pytest.mark.parametrize(("moment", "outcome", "sent"), MOMENTS)
def test_killed(
    stage: Stage,
    program: Program,
    moment: Moment,
    outcome: str,
    sent: int,
    tell: Callable[[str, int, list[Target]], object],
) -> None:
    targets = [stage.item(), stage.room()]
    forms = [form_of(program, target) for target in targets]
    with ThreadPoolExecutor(2) as people:
        pressed: list[Future[requests.Response]] = []

        def press() -> None:
            pressed.extend(people.submit(program.person.send, path, fields) for path, fields in forms)

        with moment(stage, press):
            state = {stage.accounts()[target].outcome for target in targets}
            assert state == ({"no row"} if outcome == "no row" else {"sent"})
            program.kill_worker()
            for button in pressed:
                with pytest.raises(requests.ConnectionError):
                    button.result()
    stage.age()
    program.wait_until_it_answers()
    stage.wait_until(lambda: not left_open(stage), "the new worker's keeper left a row as it was")
    assert stage.balance(targets) == {outcome: 2}
    assert stage.sent(targets) == sent
    tell(f"server: {moment.__name__.replace('_', ' ')}", 1, targets)
    assert_all_is_as_usual(stage, program)


def test_an_answer_that_comes_when_its_row_was_given_up(stage: Stage, program: Program) -> None:
    """As after a clock that leapt ahead: what the call itself says outranks what was found by reading."""
    target = stage.item()
    with ThreadPoolExecutor(1) as person, stage.relay.holding():
        pressed = person.submit(program.person.send, *form_of(program, target))
        stage.relay.wait_for(1)
        stage.age()
        stage.wait_until(lambda: stage.accounts()[target].outcome == "verified_present", "nobody looked")
        stage.relay.let_go()
        assert pressed.result().status_code == 200
    assert stage.balance([target]) == {"deleted": 1}
    assert stage.sent([target]) == 1


def form_of(program: Program, target: Target) -> tuple[str, dict[str, str]]:
    """Where the form of this removal goes, and what it brings."""
    slug, media_id = target
    path = f"/c/{slug}/media/{media_id}/delete/" if media_id else f"/c/{slug}/purge/"
    return path, {**program.person.open(path), "ticket": "ZD-7", "typed": slug.capitalize()}


def left_open(stage: Stage) -> list[str]:
    still_open = f"SELECT state FROM dashboard_removal WHERE state IN {OPEN}"
    return [state for (state,) in stage.database.rows(still_open)]


def assert_all_is_as_usual(stage: Stage, program: Program) -> None:
    """The next deletion of another item goes as if nothing had been."""
    target = stage.item()
    path, fields = form_of(program, target)
    answer = program.person.send(path, fields)
    assert answer.status_code == 200, answer.text
    assert stage.balance([target]) == {"deleted": 1}
