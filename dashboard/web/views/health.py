"""Probes for machines, told nothing of media or people: the database, the worker, and how the service is."""

from contextlib import suppress
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboard import schema, service
from dashboard.audit import nightly
from dashboard.auth.roles import public
from dashboard.jobs import lifecycle


@require_safe
@public
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200: the process is alive."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@public
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the database answers and has every migration, else 503, as while the process stops.

    Without a worker, or while the database takes no changes, pages can be read, and without the service some
    can, so that is only said. A fact that could not be found out is null. Open to everybody: probes carry no
    assertion.
    """
    facts: dict[str, Any] = dict.fromkeys(("changes", "migrations", "worker", "audit"))
    facts = {"database": False, **facts, "vault": describe_vault()}
    with suppress(DatabaseError):
        facts["changes"] = schema.takes_changes()
        facts["migrations"] = schema.is_migrated()
        if facts["migrations"] is not False:
            facts["worker"] = lifecycle.worker_is_alive()
            state = nightly.read_state_lately()
            facts["audit"] = not state.fault if state.checked_at else None
        facts["database"] = True
    if lifecycle.stopping.is_set():
        facts["stopping"] = True
    is_ready = facts["database"] and facts["migrations"] is not False and "stopping" not in facts
    response = JsonResponse(facts, status=200 if is_ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log each probe
    return response


def describe_vault() -> dict[str, float | str | None]:
    """Return how the service is, as far as the calls of this process tell."""
    health = service.read_health()
    age, median = health.last_success_seconds, health.p50_ms
    return {
        "last_success_seconds": None if age is None else round(age, 1),
        "p50_ms": None if median is None else round(median, 1),
        "key": health.key.value,
        "breaker": health.breaker.value,
    }
