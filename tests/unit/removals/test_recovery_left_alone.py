"""Looks at a lost answer for which no call could be made: they are made later, and none is used up."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dashboard import service
from dashboard.models import Connection, Removal, RemovalState
from dashboard.removals import ledger, recovery
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery, VaultError, get_breaker
from dashboard.vault.concurrency import PROCESS_CONCURRENCY
from tests import make


def test_no_look_is_used_up_while_the_service_is_left_alone(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="GET")
    sandbox.faults.add(method="DELETE", close=True)
    sandbox.faults.add(method="GET", status=500, times=None)
    record = make.remove(small, media_id)
    assert record.state == RemovalState.UNKNOWN
    for _ in range(2):
        with pytest.raises(VaultError):
            service.list_media(small, MediaQuery())
    assert not service.get_client().may_send()
    Removal.objects.update(next_look_at=timezone.now())
    for _ in range(5):
        recovery.reconcile_due()
    record.refresh_from_db()
    assert (record.state, record.looks) == (RemovalState.UNKNOWN, 0)
    sandbox.faults.clear()
    get_breaker.cache_clear()
    service.get_client.cache_clear()
    recovery.reconcile_due()
    record.refresh_from_db()
    assert record.state == RemovalState.VERIFIED_PRESENT


def test_no_look_is_used_up_while_as_many_calls_as_may_are_under_way(
    small: Connection, media_id: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.faults.add(method="GET")
    sandbox.faults.add(method="DELETE", close=True)
    sandbox.faults.add(method="GET", status=403)
    unknown = make.remove(small, media_id)
    monkeypatch.setattr(PROCESS_CONCURRENCY._places, "max_requests", 0)
    for _ in range(2 * len(ledger.CHECK_PAUSES)):
        Removal.objects.update(next_look_at=timezone.now())
        recovery.reconcile_due()
    unknown.refresh_from_db()
    assert (unknown.state, unknown.looks) == (RemovalState.UNKNOWN, 0)
    assert unknown.next_look_at
    assert unknown.next_look_at > timezone.now()
    monkeypatch.undo()
    Removal.objects.update(next_look_at=timezone.now())
    recovery.reconcile_due()
    unknown.refresh_from_db()
    assert unknown.state == RemovalState.VERIFIED_PRESENT
