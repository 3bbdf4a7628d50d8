"""The person's selection in a connection: changed from the list, reviewed, and removed as one."""

from django.http import HttpResponse
from django.shortcuts import render

from dashboard import selection as stored_selection
from dashboard.best_effort import best_effort
from dashboard.identity import Role
from dashboard.models import Connection
from dashboard.removals import bulk
from dashboard.request import Request, get_reader
from dashboard.web.forms.selection import ReviewForm, SelectionChangeForm
from dashboard.web.htmx import go_to, show, wants_fragment
from dashboard.web.methods import acts, asks_and_acts
from dashboard.web.presenters.selection import Review, SelectionBar
from dashboard.web.views.account import find_way_back
from dashboard.web.views.removal import build_intent, read_initial, read_posted


@asks_and_acts(Role.OPERATOR)
def selection(request: Request, slug: str) -> HttpResponse:
    """Ask whether to remove everything selected here; on POST begin it.

    `out` unselects one item, and `look` only reads again: both keep what was typed.
    """
    connection, person = request.connection(slug), get_reader(request)
    if changed := request.POST.getlist("out"):
        stored_selection.remove(person, connection, changed)
    is_pressed = request.method == "POST" and not changed and "look" not in request.POST
    form = ReviewForm(
        read_posted(request) if is_pressed else None,
        initial={**read_initial(request), **request.POST.dict()},
        connection=connection,
        person=person,
        ids=stored_selection.list_ids(person, connection),
    )
    if is_pressed and form.is_valid():
        return go_to(request, begin_removal(request, connection, form))
    if is_pressed and "leaves" in form.cleaned_data and not form.cleaned_data["leaves"]:
        with best_effort("taking what is gone out of a tray"):
            stored_selection.remove(person, connection, form.cleaned_data["gone"])
    review = Review(person, connection, request.connections)
    return show(
        request,
        "selection/review",
        connection=connection,
        form=form,
        review=review,
        seen=form.sign(review.seen),
        status=form.status,
    )


def begin_removal(request: Request, connection: Connection, form: ReviewForm) -> str:
    """Begin to remove everything that the review showed, and unselect it; what another removal holds
    stays. Return the address of the job, which says so if not everything could be unselected."""
    person, values = get_reader(request), form.cleaned_data
    begun = bulk.begin(
        connection,
        build_intent(request, form),
        values["leaves"],
        stored_selection.find_retried_job(stored_selection.list_items(person, connection)),
    )
    locked = {other.media_id for other in begun.locked}
    done = [media_id for media_id in values["leaves"] if media_id not in locked]
    with best_effort(f"emptying a tray into job {begun.job.pk}") as emptied:
        stored_selection.remove(person, connection, [*done, *values["gone"]])
    return f"{begun.job.get_absolute_url()}{'?tray=full' if emptied.failed else ''}"


@acts(Role.OPERATOR)
def selection_change(request: Request, slug: str) -> HttpResponse:
    """Select what was ticked, and unselect what was not any more."""
    connection, person = request.connection(slug), get_reader(request)
    form = SelectionChangeForm(request.POST)
    if not form.is_valid():
        raise stored_selection.SelectionRefused(
            str(reason) for field in form.errors.values() for reason in field
        )
    values = form.cleaned_data
    stored_selection.change(person, connection, values["items"], values["out"], clears=bool(values["clear"]))
    if not wants_fragment(request):
        return go_to(request, find_way_back(request))
    bar = SelectionBar(person, connection, request.connections, ticket=values["ticket"])
    return render(request, "selection/_selection.html", {"selection": bar, "connection": connection})
