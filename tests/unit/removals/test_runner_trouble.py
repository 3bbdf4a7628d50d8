"""A bulk removal in trouble: it rests, says why and goes on where it was; nothing fails or is sent twice."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import override_settings
from django.utils import timezone

from dashboard import service
from dashboard.auth.config import AuthConfig
from dashboard.identity import Caller, Person, Role
from dashboard.jobs import lifecycle, retry_policy
from dashboard.models import Account, Connection, Job, JobState, Removal, RemovalState
from dashboard.removals import bulk, claims, ledger, runner
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests import make
from tests.assertions import GROUPS
from tests.bulk_runs import assert_each_was_taken_once, begin, during_a_call, go_on, run, states
from tests.crash.relay import Relay

LONG_WAIT = {"status": 429, "headers": {"Retry-After": "300"}, "body": {"error": "Too many requests"}}


@pytest.fixture(autouse=True)
def _this_process_goes_on() -> Iterator[None]:
    yield
    lifecycle.stopping.clear()


@pytest.fixture
def ids(small: Connection, sandbox: Sandbox) -> list[str]:
    """Eight ordinary items; what reaches the service counts from here."""
    found = make.plain_ids(small, MediaQuery(limit=60))[:8]
    sandbox.calls.clear()
    return found


def after_three(sandbox: Sandbox, **trouble: Any) -> None:
    """The batch that is read and three removals are as usual; then there is trouble."""
    sandbox.faults.add(method="POST")
    sandbox.faults.add(method="DELETE", times=3)
    sandbox.faults.add(**trouble, times=None)


@pytest.mark.parametrize(
    ("trouble", "said", "seconds"),
    [
        ({"status": 401, "body": {"error": "Unauthorized"}}, "The service refused our key.", 60),
        ({"status": 403, "body": {"error": "Scope"}}, "The service refused our key.", 60),
        (LONG_WAIT, "The service asks us to wait.", 300),
        ({**LONG_WAIT, "headers": {"Retry-After": "86400"}}, "The service asks us to wait.", 3600),
    ],
)
def test_it_rests_and_goes_on(
    small: Connection, ids: list[str], sandbox: Sandbox, trouble: dict[str, Any], said: str, seconds: int
) -> None:
    after_three(sandbox, **trouble)
    job = run(begin(small, ids))
    assert job.state == JobState.PAUSED
    assert said in job.why
    assert job.next_try_at
    left = (job.next_try_at - timezone.now()).total_seconds()
    assert seconds - 20 < left <= seconds
    assert sorted(states(job)) == ["deleted"] * 3 + ["planned"] * 5, "nothing failed"
    assert not job.removals.exclude(claim=None, lease_until=None).filter(state=RemovalState.PLANNED).exists()
    reached = len(sandbox.calls)
    assert run(job).state == JobState.PAUSED, "a task that comes early does nothing"
    assert len(sandbox.calls) == reached
    sandbox.faults.clear()
    service.get_client.cache_clear()  # what is remembered of the long wait would be waited for
    job = go_on(job)
    assert (job.state, job.why, states(job)) == ("done", "", ["deleted"] * 8)
    assert_each_was_taken_once(sandbox, ids)
    put_off = make.facts_of_all("media.delete.put_off")
    assert 1 <= len(put_off) <= 2
    assert put_off[0]["result"]["status"] == trouble["status"]


def test_a_short_wait_is_waited_for(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", times=3)
    sandbox.faults.add(method="DELETE", status=429, headers={"Retry-After": "1"})
    job = run(begin(small, ids))
    assert (job.state, states(job)) == ("done", ["deleted"] * 8)
    deletes = [call for call in sandbox.calls if call.method == "DELETE"]
    [asked] = [call for call in deletes if call.status == 429]
    assert len(deletes) == 9
    assert not [call for call in deletes if asked.at + 0.2 < call.at < asked.at + 0.9], (
        "nobody called meanwhile"
    )
    assert_each_was_taken_once(sandbox, ids)


def test_short_waits_without_end_are_a_rest(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", status=429, headers={"Retry-After": "0"}, times=None)
    job = run(begin(small, ids))
    assert (job.state, states(job)) == ("paused", ["planned"] * 8)
    assert len(make.deletes(sandbox)) <= runner.MAX_WAITS_IN_A_ROW + 1


def test_a_service_out_of_reach_is_waited_for(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    """Two calls are lost with the wire; the next cannot be made."""
    with Relay(sandbox.url) as relay, override_settings(VAULTPLUS_API_URL=relay.url):
        service.get_client.cache_clear()

        def cut() -> None:
            with relay.holding():
                held.set()
                relay.wait_for(2)
                relay.close()

        held = threading.Event()
        cutting = threading.Thread(target=cut)
        cutting.start()
        held.wait()
        job = run(begin(small, ids))
        cutting.join()
        service.get_client().close()
    assert (job.state, "not reached" in job.why) == ("paused", True)
    assert sorted(states(job)) == ["planned"] * 6 + ["unknown"] * 2
    assert make.deletes(sandbox) == []
    service.get_client.cache_clear()
    job = go_on(job)
    assert (job.state, sorted(states(job))) == ("done", ["deleted"] * 6 + ["unknown"] * 2)


def test_after_some_rests_somebody_has_to_look(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    sandbox.faults.add(method="POST", status=401, times=None)
    job = begin(small, ids)
    for _ in range(retry_policy.MAX_TRIES - 1):
        assert run(job).next_try_at
        Job.objects.update(next_try_at=timezone.now())
    assert (run(job).state, job.next_try_at) == (JobState.PAUSED, None)
    assert lifecycle.queue_due_jobs() == 0


def test_two_calls_that_fail_are_one_rest(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", status=401, latency_ms=100, times=None)
    assert run(begin(small, ids)).progress["rests"] == 1


def test_a_role_that_is_lost_on_the_way_ends_it(
    small: Connection, ids: list[str], sandbox: Sandbox, behind_sign_on: AuthConfig
) -> None:
    person = Person(
        "Vera Lind", "vera@example.com", Role.OPERATOR, issuer="sso", subject="u-1", mode="assertion"
    )
    Account.objects.create(
        issuer="sso",
        subject="u-1",
        name="Vera Lind",
        groups=[GROUPS["operator"]],
        last_seen_at=timezone.now(),
    )
    after_three(sandbox, **LONG_WAIT)
    job = run(begin(small, ids, Caller(person)))
    assert sorted(states(job)) == ["deleted"] * 3 + ["planned"] * 5
    make.rewrite(Account.objects, groups=[GROUPS["viewer"]])
    sandbox.faults.clear()
    reached = len(sandbox.calls)
    job = go_on(job)
    assert len(sandbox.calls) == reached
    assert (job.state, sorted(states(job))) == ("stopped", ["cancelled"] * 5 + ["deleted"] * 3)
    facts = make.facts_of("media.bulk.stopped")
    assert facts["result"]["cancelled"] == 5
    assert "Vera Lind may not delete in Studio A any more" in facts["reason"]


def test_an_id_that_no_key_opens_is_said(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    job = begin(small, ids)
    with override_settings(DASHBOARD_DATA_KEYS=["another-data-key-" + "x" * 32]):
        job = run(job)
    assert (job.state, job.next_try_at, states(job)) == ("paused", None, ["planned"] * 8)
    assert "cannot be opened by any key" in job.why
    job = go_on(job)
    assert (job.state, states(job)) == ("done", ["deleted"] * 8)


@pytest.mark.parametrize(
    "changed", ["groups = '[]'", "sealed_id = '-'", "label = 'Other'", "archived_at = NULL"]
)
def test_a_connection_that_was_changed_outside_gives_it_a_rest(
    small: Connection, ids: list[str], sandbox: Sandbox, changed: str
) -> None:
    if changed.startswith("archived_at"):
        make.rewrite(Connection.objects, archived_at=timezone.now())
    elif changed.startswith("groups"):
        make.rewrite(Connection.objects, groups=["vault-admins", "support"])
    job = begin(small, ids)
    with database.cursor() as cursor:
        cursor.execute(f"UPDATE dashboard_connection SET {changed}")
    sandbox.calls.clear()
    job = run(job)
    assert sandbox.calls == []
    assert (job.state, job.next_try_at, states(job)) == ("paused", None, ["planned"] * 8)
    assert job.why == "The connection's row was changed outside the dashboard."


def test_claims_by_a_clock_that_was_ahead_end(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    job = begin(small, ids)
    slow = uuid.uuid4()
    claims.acquire(job, slow, 3)
    Removal.objects.filter(claim=slow).update(lease_until=timezone.now() + timedelta(hours=1))
    assert states(run(job)) == ["deleted"] * 8
    assert_each_was_taken_once(sandbox, ids)


@pytest.mark.django_db(transaction=True)
def test_a_call_that_was_not_taken_while_somebody_pressed_stop(
    small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    """It is planned no more: a planned row of a job that is over would hold its item for ever."""
    sandbox.faults.add(method="DELETE", latency_ms=1500, **LONG_WAIT, times=None)
    job = begin(small, ids)
    with during_a_call(sandbox, lambda: assert_true(bulk.stop(Job.objects.get(), make.OMAR))):
        run(job)
    assert job.state == JobState.STOPPED
    assert set(states(job)) == {"cancelled", "refused"}
    assert not ledger.find_in_flight(small, ids[0]).exists()
    assert make.facts_of("media.bulk.stopped")["result"]["cancelled"] == states(job).count("cancelled")


@pytest.mark.django_db(transaction=True)
def test_a_process_that_ends_gives_back_before_its_calls_are_over(
    small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    seen: list[list[str]] = []

    def end() -> None:
        lifecycle.stopping.set()
        until = timezone.now() + timedelta(seconds=10)
        while RemovalState.CLAIMED in states(job) and timezone.now() < until:
            pass
        seen.append([call.path for call in sandbox.calls if call.method == "DELETE" and not call.status])

    sandbox.faults.add(method="DELETE", latency_ms=4_000, times=2)
    job = begin(small, ids)
    with during_a_call(sandbox, end):
        run(job)
    assert len(seen[0]) in (1, 2), "given back while they were out"
    assert states(job).count("planned") == 8 - states(job).count("deleted")
    assert job.state == JobState.WAITING


def assert_true(value: bool) -> None:
    assert value
