"""Each way in which the service fails, met by each thing that the program does with it: docs/faults.md."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from dashboard import service
from dashboard.jobs import retry_policy, walker
from dashboard.vault import get_breaker, transport
from tests.faults.matrix import (
    COLUMNS,
    FAULTS,
    NO_NAME,
    NO_TRUST,
    REFUSED_PORT,
    REMOVALS,
    SECRETS,
    SLOW,
    Cell,
    Faulty,
    Stage,
    limits,
    read_table,
)
from tests.faults.raw_server import RawServer
from tests.faults.test_vault_connections import CERTIFICATES
from tests.faults.vault_calls import MANY_SECONDS

LINES = read_table()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch, collected_static: object, tmp_path: Path) -> Iterator[None]:
    """A job tries twice, by two calls each, without a pause in between."""
    monkeypatch.setattr(retry_policy, "FIRST_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(walker, "MAX_TRIES", 2)
    monkeypatch.setattr(transport, "_JITTER", lambda state: 0.0)
    look_up = socket.getaddrinfo

    def look_up_here(host: Any, *rest: Any, **named: Any) -> Any:
        if host == "nowhere.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)
    with override_settings(DASHBOARD_FILES=tmp_path / "files"):
        yield


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with (
        Faulty() as server,
        override_settings(VAULTPLUS_API_URL=server.url, VAULTPLUS_MEDIA_HOSTS=[server.url]),
    ):
        server.replies = [server.reply]
        service.get_client.cache_clear()
        yield Stage(server)
        service.get_client.cache_clear()


def find_address(stack: ExitStack, stage: Stage, fault: str) -> str:
    """Return the address of a service that fails so."""
    match fault:
        case str() if fault == NO_NAME:
            return "https://nowhere.example"
        case str() if fault == NO_TRUST:
            return stack.enter_context(RawServer([b""], str(CERTIFICATES / "this_host.pem"))).url
        case str() if fault == REFUSED_PORT:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                return f"http://127.0.0.1:{listener.getsockname()[1]}"
    return stage.server.url


def meet(stage: Stage, fault: str, column: str, seconds: float) -> Cell:
    """Do it as if nothing had been done before, and take it back."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # what is durable may stand in it, as in a test
    with ExitStack() as stack:
        address = find_address(stack, stage, fault)
        stack.enter_context(limits(of_removals=column in REMOVALS, seconds=seconds))
        stack.enter_context(override_settings(VAULTPLUS_API_URL=address))
        get_breaker.cache_clear()
        service.get_client.cache_clear()
        stack.callback(lambda: service.get_client().close())
        stack.enter_context(block)
        cell = stage.meet(column)
        transaction.set_rollback(True)
    return cell


@pytest.mark.parametrize("faults", LINES, ids=lambda line: line[0])
def test_what_it_comes_to(stage: Stage, faults: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    """A machine may be too slow to begin a call that only its deadline ends: then it has another."""
    caplog.set_level(logging.DEBUG)
    met: dict[tuple[str, str], str] = {}
    for fault in faults:
        stage.server.fault = FAULTS[fault]
        for column in COLUMNS:
            stage.server.is_for_removals = column in REMOVALS
            seconds = 0.3 if fault in SLOW else MANY_SECONDS
            began = time.monotonic()
            while (cell := meet(stage, fault, column, seconds)).outcome.endswith("x0") and fault in SLOW:
                seconds *= 2
            assert time.monotonic() - began < MANY_SECONDS
            met[fault, column] = cell.outcome
            assert not [secret for secret in SECRETS if secret in cell.told], (fault, column)
    assert not [secret for secret in SECRETS if secret in caplog.text]
    expected = {(fault, column): cell for fault in faults for column, cell in LINES[faults].items()}
    assert met == expected


def test_the_table_has_every_fault_once() -> None:
    named = [fault for line in LINES for fault in line]
    assert sorted(named) == sorted(FAULTS)
    assert all(sorted(cells) == sorted(COLUMNS) for cells in LINES.values())
