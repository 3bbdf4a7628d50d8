"""Is the process alive, and is it ready: for machines, without any data."""

from __future__ import annotations

from contextlib import suppress

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboard import schema
from dashboard.auth.roles import public
from dashboard.jobs import lifecycle


@require_safe
@public
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@public
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and has every migration; 503 where not. Without a worker pages work, so that is
    only said. What could not be found out is null. Open to everybody: probes carry no assertion."""
    said: dict[str, bool | None] = {"database": False, "migrations": None, "worker": None}
    with suppress(DatabaseError):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        said["migrations"] = schema.is_migrated()
        if said["migrations"] is not False:
            said["worker"] = lifecycle.worker_is_alive()
        said["database"] = True
    return JsonResponse(said, status=200 if said["database"] and said["migrations"] is not False else 503)
