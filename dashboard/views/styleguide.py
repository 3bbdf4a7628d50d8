"""Every component in every state, for those who build; in the demo and in debug mode only."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.access import Role, needs
from dashboard.display import STATUS_WORDS, Slot
from dashboard.models import Colour
from dashboard.request import Request


@require_safe
@needs(Role.VIEWER)
def styleguide(request: Request) -> HttpResponse:
    if not (settings.DEBUG or settings.IS_DEMO):
        raise Http404
    words = {**STATUS_WORDS, "unknown": "quarantined", "absent": "Not there"}
    strips = [(Slot("thumb", state, word), Slot("720", state, word, True)) for state, word in words.items()]
    context = {"words": words, "strips": strips, "colours": Colour.values}
    return render(request, "styleguide/styleguide.html", context)
