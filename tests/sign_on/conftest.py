"""The loop, started once for the whole folder, and people with browsers before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.sign_on.loop import Loop
from tests.sign_on.visitor import Visitor


@pytest.fixture(scope="session")
def running_loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    loop = Loop(tmp_path_factory.mktemp("sign-on"))
    try:
        yield loop.start()
    finally:
        loop.stop()


@pytest.fixture
def loop(running_loop: Loop) -> Loop:
    """The loop with everybody in their usual groups and the service as new; every program has to run."""
    running_loop.check()
    running_loop.meet()
    running_loop.sandbox.reset()
    return running_loop


@pytest.fixture
def visitor(loop: Loop) -> Iterator[Callable[[], Visitor]]:
    """Makes browsers, each with cookies of its own."""
    opened: list[Visitor] = []

    def one() -> Visitor:
        opened.append(Visitor(loop))
        return opened[-1]

    yield one
    for each in opened:
        each.close()
