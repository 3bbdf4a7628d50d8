"""A bulk removal while the service is left alone after failures: it rests, and that counts as no try."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dashboard import service
from dashboard.jobs import retry_policy
from dashboard.models import Connection, Job, JobState
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery, VaultError, get_breaker
from tests import make
from tests.bulk_runs import assert_each_was_taken_once, begin, during_a_call, go_on, run, states


@pytest.fixture
def ids(small: Connection, sandbox: Sandbox) -> list[str]:
    """Eight ordinary items; what reaches the service counts from here."""
    found = make.plain_ids(small, MediaQuery(limit=60))[:8]
    sandbox.calls.clear()
    return found


def open_breaker(of: Connection, sandbox: Sandbox) -> None:
    """Somebody else's calls failed, so that none is made for a while; the service is well again."""
    sandbox.faults.add(method="GET", status=500, times=5)
    for _ in range(3):
        with pytest.raises(VaultError):
            service.list_media(of, MediaQuery())
    sandbox.faults.clear()
    sandbox.calls.clear()


def test_a_service_that_is_left_alone_costs_no_try(
    small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    job = begin(small, ids)
    open_breaker(small, sandbox)
    for _ in range(retry_policy.MAX_TRIES + 2):
        assert run(job).state == JobState.PAUSED
        assert job.next_try_at
        assert 0 < (job.next_try_at - timezone.now()).total_seconds() <= 15
        assert job.why.startswith("Vault+ isn't answering. ")
        Job.objects.update(next_try_at=timezone.now())
    assert job.progress.get("rests", 0) == 0
    assert (sandbox.calls, states(job)) == ([], ["planned"] * 8)
    get_breaker.cache_clear()
    service.get_client.cache_clear()
    assert states(run(job)) == ["deleted"] * 8
    assert_each_was_taken_once(sandbox, ids)


@pytest.mark.django_db(transaction=True)
def test_it_opens_half_way_and_nothing_is_sent_twice(
    small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    """What was claimed and not sent is put off; an intent that was written is taken back, not lost."""
    begun = begin(small, ids)
    sandbox.faults.add(method="POST")
    sandbox.faults.add(method="DELETE", latency_ms=200, times=2)

    def open_it() -> None:
        breaker = get_breaker(sandbox.url)
        for _ in range(5):
            breaker.leave(breaker.enter(8) or 0, failed=True)

    with during_a_call(sandbox, open_it):
        job = run(begun)
    assert (job.state, job.progress.get("rests", 0)) == (JobState.PAUSED, 0)
    assert states(job).count("planned") == 8 - states(job).count("deleted") > 0
    assert {call["result"]["status"] for call in make.facts_of_all("media.delete.put_off")} == {None}
    get_breaker.cache_clear()
    service.get_client.cache_clear()
    assert states(go_on(job)) == ["deleted"] * 8
    assert_each_was_taken_once(sandbox, ids)
