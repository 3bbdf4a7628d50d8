"""The list of keys; and every component in every state, for developers (demo and debug mode only)."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dashboard.identity import Role
from dashboard.models import Colour, Job, JobState
from dashboard.request import Request
from dashboard.web.htmx import show
from dashboard.web.methods import shows
from dashboard.web.presenters.media import STATUS_WORDS, Slot
from dashboard.web.presenters.progress import Progress


@shows(Role.VIEWER)
def styleguide(request: Request) -> HttpResponse:
    """Show every component in every state."""
    if not (settings.DEBUG or settings.IS_DEMO):
        raise Http404
    labels = {**STATUS_WORDS, "unknown": "quarantined", "absent": "Not there"}
    strips = [(Slot("thumb", state, word), Slot("720", state, word, True)) for state, word in labels.items()]
    context = {
        "labels": labels,
        "strips": strips,
        "colours": Colour.values,
        "progresses": [build_sample_progress(state) for state in JobState],
    }
    return render(request, "styleguide/styleguide.html", context)


def build_sample_progress(state: JobState) -> Progress:
    """Return a job in this state, halfway if it has not come to its end; nothing of it is saved."""
    now = timezone.now()
    job = Job(state=state, started_at=now - timedelta(seconds=20), finished_at=now)
    progress = Progress(job, done=60 if state == JobState.DONE else 31, total=60)
    progress.needs_worker = state == JobState.WAITING
    return progress


@shows(Role.VIEWER)
def keys(request: Request) -> HttpResponse:
    """Show what each key does, and the switch that turns them off."""
    return show(request, "keys/keys")
