"""A stage a database, PostgreSQL where the machine has a server; and a table of what was killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final

import pytest

from tests.crash.databases import Database, Postgresql, Sqlite
from tests.crash.stage import Stage, Target
from tests.postgresql import postgresql_binaries, throwaway_postgresql

BINARIES: Final = postgresql_binaries()
DATABASES: Final = ["sqlite", *(["postgresql"] if BINARIES else [])]
KILLED = pytest.StashKey[list[tuple[str, str, int, int, str]]]()


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stage]]:
    """Each database's stage, set up when it is first asked for."""
    started: dict[str, Stage] = {}
    with ExitStack() as stack:

        def stage(name: str) -> Stage:
            if name not in started:
                folder = tmp_path_factory.mktemp(name)
                database: Database = Sqlite(folder)
                if name == "postgresql":
                    assert BINARIES
                    database = Postgresql(stack.enter_context(throwaway_postgresql(BINARIES)))
                started[name] = stack.enter_context(Stage(folder, database))
            return started[name]

        yield stage
        for stage_of_database in started.values():
            stage_of_database.verify()


@pytest.fixture(params=DATABASES)
def stage(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Iterator[Stage]:
    """The stage of this database. What each test adds to its chain holds, and at the end all of it."""
    stage = stages(request.param)
    stage.service.faults.clear()
    yield stage
    stage.verify_new()


@pytest.fixture
def tell(
    tell_of: Callable[[Stage, str, int, list[Target]], Counter[str]], stage: Stage
) -> Callable[[str, int, list[Target]], Counter[str]]:
    """The same of this database's stage."""
    return partial(tell_of, stage)


@pytest.fixture
def tell_of(request: pytest.FixtureRequest) -> Callable[[Stage, str, int, list[Target]], Counter[str]]:
    """Balance the books of what was killed, and put it into the table; what became of the targets."""

    def tell_of(stage: Stage, what: str, kills: int, targets: list[Target]) -> Counter[str]:
        became = stage.balance(targets)
        words = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in became.most_common())
        row = (what, stage.database.name, kills, stage.sent(targets), words)
        request.config.stash.setdefault(KILLED, []).append(row)
        return became

    return tell_of


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(KILLED, None)
    if not rows:
        return
    terminalreporter.section("killed with -9, and what the books say afterwards")
    terminalreporter.line(f"{'where':<58} {'database':<11} {'kills':>5} {'sent':>5}  outcomes")
    for what, database, kills, sent, outcomes in sorted(rows):
        terminalreporter.line(f"{what:<58} {database:<11} {kills:>5} {sent:>5}  {outcomes}")
    if BINARIES is None:
        terminalreporter.line("PostgreSQL: no server on this machine, so nothing was killed over it.")
