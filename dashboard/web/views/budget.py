"""Limits of what a person may do in a time: an administrator lets somebody go on before it has passed."""

from django.http import HttpResponse
from django.urls import reverse

from dashboard import budgets
from dashboard.identity import Role
from dashboard.request import Request
from dashboard.web.htmx import go_to
from dashboard.web.methods import acts


@acts(Role.ADMIN)
def budget_lift(request: Request, pk: int) -> HttpResponse:
    """Lift a limit that somebody has reached, and lead back to where those are listed."""
    budgets.lift(pk, request.caller)
    return go_to(request, reverse("audit"))
