"""Is the process alive, and is it ready: for machines, without any data."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboard.access import public
from dashboard.work import jobs


@require_safe
@public
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@public
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers; 503 where it does not. Without a worker pages work, so that is only said."""
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM dashboard_connection LIMIT 1")
        alive = jobs.worker_is_alive()
    except DatabaseError:
        return JsonResponse({"database": False}, status=503)
    return JsonResponse({"database": True, "worker": alive})
