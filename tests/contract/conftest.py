"""The sandbox under the contract, and a short summary of what it was asked."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from dashboard.sandbox import Sandbox
from tests.contract.contract_server import judged

CONNECTION = "conn_contract0000000000000001"
answered: Counter[tuple[str, int]] = Counter()
"""How often each operation answered with each status, over the whole run."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(connections={CONNECTION: 5_000}) as running:
        yield running
        answered.update((call.operation or "refused", call.status) for call in running.calls)


@pytest.fixture(autouse=True)
def full_shelf(sandbox: Sandbox) -> Iterator[None]:
    """Whatever a test removed is back for the next one."""
    yield
    sandbox.shelves[CONNECTION].reset(time.time())


@pytest.fixture(scope="module")
def connection() -> str:
    return CONNECTION


@pytest.fixture(scope="module")
def headers(connection: str) -> dict[str, str]:
    return {"apiKey": "demo-key", "x-connection-id": connection}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if answered:
        terminalreporter.section("contract: calls by operation and status")
        for (operation, status), times in sorted(answered.items()):
            terminalreporter.write_line(f"{operation:<8} {status}  {times:>5}")
    if judged:
        terminalreporter.section("contract: random valid answers")
        for what, times in judged.items():
            terminalreporter.write_line(f"{what:<28} {times:>5}")
