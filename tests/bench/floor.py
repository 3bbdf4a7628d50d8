"""The floor: a bare Django view that makes the same call to the service as the list page, decodes it the same
way, and prints the same rows from a string; and for orientation the same with Jinja2.

There is nothing else: no middleware, session, database or compression. Only the client is the dashboard's, so
what is saved in its presenters and templates moves the page and not the floor.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, Final

import jinja2
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from dashboard.vault import MediaItem, MediaQuery, Variant, VaultClient

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="floor", USE_I18N=False, MIDDLEWARE=[]
)

LABELS: Final = ("thumb", "720", "1080", "full")
HEAD: Final = (
    "<!doctype html><html lang=en><title>Media</title><form id=picks method=post></form><table><thead><tr>"
    "<th>Select<th>Thumb<th>ID<th>Type<th>Length<th>Variants<th>Size<th>First seen<th>Last access<th>Actions"
    "</thead><tbody>"
)
FOOT: Final = '</tbody></table><a href="?cursor={cursor}">Next 100</a></html>'
ROW: Final = """
    <tr class="row"><td class="c-pick"><label><input type="checkbox" form="picks" name="item"
      value="{id} {variants} {bytes}" aria-label="Select"></label>
    <td class="c-thumb"><a class="thumb ask" data-i="eye" data-reveal></a>
    <th scope="row" class="c-id"><a href="{href}">{id}</a>
    <td class="c-type" data-i="{type}"><span>{word}</span><td class="c-length">{length}
    <td class="c-strip"><ul class="strip" aria-label="Variants">{strip}</ul><td class="c-size">{size}
    <td class="c-seen" data-at="{seen_at}">{seen}<td class="c-last" data-at="{used_at}">{used}
    <td class="c-act"><a class="delete" href="{href}delete/" hx-get="#" data-i="trash"
      aria-label="Delete item…"></a>"""
"""A row as the list page prints it."""
SLOT: Final = '<li class="slot {state}">{label}<span>: {word}</span>'


def of_jinja(text: str, name: str) -> str:
    """Return the same template in Jinja2's words, with its fields taken from a variable of this name."""
    return re.sub(r"{(\w+)}", rf"{{{{ {name}.\1 }}}}", text)


_rows = of_jinja(ROW, "row").replace(
    "{{ row.strip }}", "{% for slot in row.slots %}" + of_jinja(SLOT, "slot") + "{% endfor %}"
)
_template = jinja2.Environment(autoescape=True).from_string(
    HEAD + "{% for row in rows %}" + _rows + "{% endfor %}" + FOOT.replace("{cursor}", "{{ cursor }}")
)
_client = VaultClient(os.environ["VAULTPLUS_API_URL"], os.environ["VAULTPLUS_API_KEY"])
_connection_id = os.environ["BENCH_CONNECTION_ID"]
_query = MediaQuery(limit=100)


def print_string(request: HttpRequest) -> HttpResponse:
    """The rows by `str.format`, with every value escaped."""
    page = _client.query(_connection_id, _query)
    lines = []
    for facts in list_facts(page.readable):
        strip = "".join([SLOT.format_map(escape_all(slot)) for slot in facts.pop("slots")])
        lines.append(ROW.format(strip=strip, **escape_all(facts)))
    return answer(f"{HEAD}{''.join(lines)}{FOOT.format(cursor=escape(page.next_cursor or ''))}")


def escape_all(facts: dict[str, Any]) -> dict[str, str]:
    """Return every value as text that can stand in HTML."""
    return {name: escape(str(value)) for name, value in facts.items()}


def print_by_jinja(request: HttpRequest) -> HttpResponse:
    """The rows by Jinja2, which escapes all of them."""
    page = _client.query(_connection_id, _query)
    return answer(_template.render(rows=list_facts(page.readable), cursor=page.next_cursor))


def answer(text: str) -> HttpResponse:
    """Return the page with its length."""
    body = text.encode()
    return HttpResponse(body, headers={"Content-Length": str(len(body))})


def list_facts(items: Iterable[MediaItem]) -> Iterator[dict[str, Any]]:
    """Yield what the row of each item shows."""
    now = time.time() * 1000
    for item in items:
        variants = item.media.values()
        seen = min((one.created_ms for one in variants if one.created_ms), default=0)
        used = max((one.last_accessed_ms for one in variants), default=0)
        size = sum(one.size_bytes for one in variants)
        labels = dict.fromkeys((*LABELS, *item.media))
        yield {
            "id": item.id,
            "href": f"/c/million/media/{item.id}/",
            "type": item.type,
            "word": item.type.capitalize(),
            "length": format_length(item.duration),
            "variants": len(variants),
            "bytes": size,
            "size": f"{size / 1e6:.1f} MB",
            "slots": [list_slot(label, item.media.get(label)) for label in labels],
            "seen": format_age(now - seen),
            "seen_at": int(seen // 1000),
            "used": format_age(now - used) if used else "never",
            "used_at": int(used // 1000),
        }


def list_slot(label: str, variant: Variant | None) -> dict[str, str]:
    """Return what the strip shows of a label."""
    state = variant.status if variant else "absent"
    return {"label": label, "state": state, "word": state.capitalize() if variant else "Not there"}


def format_length(seconds: float | None) -> str:
    """Return a duration by minutes and seconds."""
    return "" if seconds is None else f"{seconds // 60:.0f}:{seconds % 60:02.0f}"


def format_age(ms: float) -> str:
    """Return an age by its largest unit."""
    for unit, name in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min")):
        if ms >= unit:
            return f"{ms // unit:.0f} {name} ago"
    return "just now"


def set_switches() -> None:
    """Give the interpreter and the C library the switches that `dashboard/server.py` gives a worker."""
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.05)
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(-8, 1)


urlpatterns = [path("string", print_string), path("jinja", print_by_jinja)]
application = get_wsgi_application()
set_switches()
