"""Limits of what a person may do in a time: an administrator lets somebody go on before it has passed."""

from django.http import HttpResponse, QueryDict
from django.urls import reverse

from dashboard import budgets
from dashboard.identity import Role
from dashboard.models import Budget
from dashboard.request import Request
from dashboard.web.htmx import find_page_behind, go_to, wants_fragment
from dashboard.web.methods import acts

from .audit import render_list


@acts(Role.ADMIN)
def budget_lift(request: Request, pk: int) -> HttpResponse:
    """Lift a limit that somebody has reached, and show those that are left where they are listed."""
    budgets.lift(pk, request.caller)
    path, _, filters = find_page_behind(request).partition("?")
    budget = Budget.objects.filter(pk=pk).first()
    if budget and path == reverse("audit") and wants_fragment(request):
        return render_list(request, QueryDict(filters), lifted=budget.person)
    return go_to(request, reverse("audit"))
