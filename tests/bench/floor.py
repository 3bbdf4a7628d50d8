"""The floor: a bare Django view that makes the same call to the service as the list page, decodes it the same
way, and prints the same rows from a string; and for orientation the same with Jinja2.

There is nothing else: no middleware, session, database or compression. Only the client is the dashboard's, so
what is saved in its presenters and templates moves the page and not the floor.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

import jinja2
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from dashboard.vault import MediaItem, MediaQuery, VaultClient

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
ROW: Final = (
    '<tr id="row-{id}"><td><input type="checkbox" form="picks" name="item" value="{id} {variants} {bytes}"'
    ' aria-label="Select {id}"></td><td><a href="{href}?reveal=thumb">Show the thumb of {id}</a></td>'
    '<th scope="row"><a href="{href}">{id}</a><button type="button" data-copy="{id}">Copy {id}</button></th>'
    '<td>{type}</td><td>{length}</td><td><ul class="strip" aria-label="Variants">{strip}</ul></td>'
    '<td>{size}</td><td><time datetime="{seen_iso}">{seen}</time></td>'
    '<td><time datetime="{used_iso}">{used}</time></td>'
    '<td><a href="{href}delete/">Delete item {id}…</a></td></tr>\n'
)
SLOT: Final = '<li class="slot {state}" title="{label}: {state}">{label} {state}</li>'


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
    """The rows by `str.format`, with open text escaped."""
    page = _client.query(_connection_id, _query)
    lines = []
    for facts in list_facts(page.readable):
        strip = "".join(
            SLOT.format(label=escape(s["label"]), state=escape(s["state"])) for s in facts["slots"]
        )
        lines.append(ROW.format(strip=strip, **{**facts, "type": escape(facts["type"])}))
    return answer(f"{HEAD}{''.join(lines)}{FOOT.format(cursor=escape(page.next_cursor or ''))}")


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
            "length": ""
            if item.duration is None
            else f"{item.duration // 60:.0f}:{item.duration % 60:02.0f}",
            "variants": len(variants),
            "bytes": size,
            "size": f"{size / 1e6:.1f} MB",
            "slots": [
                {"label": label, "state": item.media[label].status if label in item.media else "absent"}
                for label in labels
            ],
            "seen": format_age(now - seen),
            "seen_iso": format_moment(seen),
            "used": format_age(now - used) if used else "never",
            "used_iso": format_moment(used) if used else "",
        }


def format_age(ms: float) -> str:
    """Return an age by its largest unit."""
    for unit, name in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min")):
        if ms >= unit:
            return f"{ms // unit:.0f} {name} ago"
    return "just now"


def format_moment(ms: float) -> str:
    """Return a moment for machines."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


urlpatterns = [path("string", print_string), path("jinja", print_by_jinja)]
application = get_wsgi_application()
