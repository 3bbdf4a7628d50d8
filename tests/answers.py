"""What answers hold: a page's words, rows, errors and hidden fields."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.core.signals import request_finished
from django.db import close_old_connections


def text(answer: Any) -> str:
    """Return the page as text, with the line breaks of its template folded into one space each, as a browser
    does; assert that it is HTML. Lines of what is shown, and of a textarea, are kept."""
    assert answer.headers["Content-Type"].startswith("text/html"), answer.headers["Content-Type"]
    parts = re.split(r"(<textarea.*?</textarea>)", answer.content.decode(), flags=re.DOTALL)
    breaks = re.compile(r"\s*\n\s+|(?<=>)\n|\n(?=<)")
    return "".join(part if part.startswith("<textarea") else breaks.sub(" ", part) for part in parts)


def leave(answer: Any) -> None:
    """Go away from a streamed answer before its end. The database stays open, as the client keeps it."""
    request_finished.disconnect(close_old_connections)
    try:
        answer.close()
    finally:
        request_finished.connect(close_old_connections)


def csrf_token(answer: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text(answer))
    assert found, "the page has no token against forged forms"
    return found[1]


def form_token(answer: Any) -> str:
    """The one-time token of a removal's form."""
    found = re.search(r'name="token" value="([^"]+)"', text(answer))
    assert found, "the page has no one-time token"
    return found[1]


def hidden_fields(answer: Any) -> dict[str, str]:
    """What the form on the page brings back of itself: its one-time token, and the impact that it showed."""
    return dict(re.findall(r'type="hidden" name="(token|impact|seen)" value="([^"]*)"', text(answer)))


def words_in(markup: str) -> str:
    """What a reader sees of it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def rows_of(answer: Any) -> list[str]:
    """The words of each row of the page's table, its head left out."""
    _, _, body = text(answer).partition("<tbody")
    rows = body.partition(">")[2].partition("</tbody>")[0]
    return [words_in(f"<tr{row}") for row in rows.split("<tr")[1:]]


def errors_of(answer: Any) -> list[str]:
    """The reasons that stand beside the fields of the page's form, or above it."""
    return [words_in(found) for found in re.findall(r'class="error"[^>]*>(.*?)</(?:span|p)>', text(answer))]


def ids_on(answer: Any) -> list[str]:
    """The ids of the items whose rows are on the page, in order."""
    named = re.compile(r' id="row-([^"]+)"|.*?<th scope="row" class="c-id"><a [^>]*>([^<]+)')
    found = [named.match(row) for row in text(answer).split("<tr")[1:]]
    return [row[1] or row[2] for row in found if row]
