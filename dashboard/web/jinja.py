"""The names that every template may call, and the frame that every page shares."""

import re
from functools import cache, lru_cache
from typing import Any, Final

from django.conf import settings
from django.template import engines
from django.template.backends.utils import csrf_input
from django.templatetags.static import static
from django.utils.functional import SimpleLazyObject
from django_htmx.jinja import htmx_script
from jinja2 import Environment, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup, escape

from dashboard import units
from dashboard.audit.event_codes import OUTCOMES, VERBS
from dashboard.audit.nightly import get_known_fault
from dashboard.identity import Person, Role
from dashboard.oddities import format_oddity, make_label_visible
from dashboard.request import Request

from . import preferences, ticket_links
from .addresses import reverse_url
from .forms.media import MediaFilterForm
from .presenters.health import build_health_chip
from .presenters.media import STATUS_WORDS, TYPE_WORDS, Slot
from .presenters.media_list import SORT_WORDS, list_limits
from .rows import RowPrinter, sign_rows

HTMX_CONFIG: Final = {
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "historyCacheSize": 0,
}
"""What no page may be without, even where its script did not load; requests.js sets the rest."""

_INDENTATION: Final = re.compile(r"\n[ \t]+")

FILTER_WORDS: Final = {
    "status": STATUS_WORDS,
    "type": TYPE_WORDS,
    "sort": SORT_WORDS,
    "limits": list_limits,
    "mime": ("image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "audio/mpeg", "audio/mp4"),
}


class ShortIndentation(Extension):
    """Shortens the indentation of templates to one space: a page has two kilobytes of it."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _INDENTATION.sub("\n ", source)


def environment(**options: Any) -> Environment:
    """Return Jinja2's environment: a missing name is an error, and blocks leave no blank lines."""
    # Django gives `autoescape` among the options.
    env = Environment(  # noqa: S701
        **{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    )
    env.add_extension(ShortIndentation)
    env.policies["json.dumps_kwargs"] = {"sort_keys": False, "separators": (",", ":")}
    env.globals.update(
        static=cache(static),
        url=reverse_url,
        icon=render_icon,
        strip=render_strip,
        row_printer=RowPrinter,
        sign_rows=sign_rows,
        health_chip=build_health_chip,
        audit_fault=get_known_fault,
        filters=render_filters,
        htmx_script=htmx_script,
        htmx_config=HTMX_CONFIG,
        help_desk_href=ticket_links.build_help_desk_href,
        Role=Role,
        count=units.format_count,
        filter_words=FILTER_WORDS,
        audit_words={"verb": VERBS, "outcome": OUTCOMES, "limits": (25, 50, 100, 200)},
    )
    env.filters.update(
        # As filters these two are called without Jinja2's ceremony: a list has hundreds.
        icon=render_icon,
        strip=render_strip,
        size=units.format_size,
        iso=units.format_iso,
        utc=units.format_utc,
        oddity=format_oddity,
        visible=make_label_visible,
        ticket_link=render_ticket_link,
        code_marks=render_code_marks,
    )
    return env


@cache
def render_icon(name: str) -> Markup:
    """Return a glyph, drawn by css/base/glyphs.css; screen readers are told by the words beside it."""
    return Markup('<i class="i" data-i="{}"></i>').format(name)


@lru_cache(maxsize=4096)
def render_strip(slots: tuple[Slot, ...]) -> Markup:
    """Return the variant strip of strip.html, cached: a page has hundreds and few are different."""
    macro = engines["jinja2"].env.get_template("strip.html").module.strip  # type: ignore[attr-defined]
    return Markup(macro(slots))  # noqa: S704 - the macro has escaped it


@lru_cache(maxsize=256)
def render_filters(action: str, form: MediaFilterForm) -> Markup:
    """Return the panel of the list's filters, kept as long as its form is."""
    template = engines["jinja2"].env.get_template("media/filters.html")  # type: ignore[attr-defined]
    return Markup(template.render(action=action, form=form))  # noqa: S704 - the template has escaped it


def render_ticket_link(text: str) -> Markup:
    """Return a ticket as a link to the help desk by DASHBOARD_TICKET_URL, else its text."""
    href = ticket_links.build_help_desk_href(text)
    if not href:
        return escape(text)
    link = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}{}</a>')
    return link.format(href, text, render_icon("external"))


def render_code_marks(text: str) -> Markup:
    """Return a text of ours with what stands between backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts)
    )


def build_page_frame(request: Request) -> dict[str, Any]:
    """Return the context that base.html shows on every page; nothing of it is worked out for a fragment."""
    person = find_known_person(request)
    return {
        "person": person,
        "connections": getattr(request, "connections", []),
        "view": preferences.read(request),
        "media_modes": preferences.list_media_modes(),
        "may_delete": person is not None and person.may(Role.OPERATOR),
        "is_demo": settings.IS_DEMO,
        "here": SimpleLazyObject(lambda: ticket_links.build_own_address(request)),
        "csrf_input": SimpleLazyObject(lambda: csrf_input(request)),  # masked once a page, not once a form
    }


def find_known_person(request: Request) -> Person | None:
    """Return the person whose name and menus a page shows, or None if they may do nothing."""
    person: Person | None = getattr(request, "person", None)
    return person if person and person.role else None
