"""The page of one removal: what became of it, another look at what is unknown, and closing it by hand."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from dashboard.audit.queries import History
from dashboard.auth.roles import needs
from dashboard.identity import Role
from dashboard.models import Removal
from dashboard.removals import ledger, recovery
from dashboard.request import Request
from dashboard.web.forms.removal import ClosingForm
from dashboard.web.htmx import go_to, show
from dashboard.web.presenters.audit import RemovalDetail
from dashboard.web.presenters.removal import words_of
from dashboard.web.views.removal import asks_and_acts, posted


@require_safe
@needs(Role.VIEWER)
def removal(request: Request, pk: UUID) -> HttpResponse:
    """What is known of a removal, with every step of its way."""
    history = History(request.person)
    return shown(request, history, history.removal(pk))


@require_POST
@needs(Role.OPERATOR)
def removal_look(request: Request, pk: UUID) -> HttpResponse:
    """Find out by reading, now, what became of a removal that is unknown."""
    history = History(request.person)
    record = history.removal(pk)
    if detail(request, history, record).may_look:
        recovery.settle(record, request.caller)
    return shown(request, history, record, looked=True)


@asks_and_acts
@needs(Role.ADMIN)
def removal_close(request: Request, pk: UUID) -> HttpResponse:
    """Ask what an admin found out of an unresolved removal; on POST close it with that note."""
    record = History(request.person).removal(pk)
    form = ClosingForm(posted(request))
    if form.is_valid() and ledger.close(record, request.caller, form.cleaned_data["note"]):
        return go_to(request, record.get_absolute_url())
    record.refresh_from_db()  # a refused close may be news of somebody else's
    status = 409 if not record.may_be_closed else 422 if form.is_bound else 200
    return show(request, "removal/close", record=record, words=words_of(record), form=form, status=status)


def detail(request: Request, history: History, record: Removal) -> RemovalDetail:
    return RemovalDetail(history, record, request.person, request.connections)


def shown(request: Request, history: History, record: Removal, *, looked: bool = False) -> HttpResponse:
    page = detail(request, history, record)
    return show(
        request, "removal/record", page=page, record=record, connection=page.connection, looked=looked
    )
