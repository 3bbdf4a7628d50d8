"""Cached media: the list, one item, variants on the move, stuck items, and links that end soon."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from dashboard import reveals, service
from dashboard.identity import Role
from dashboard.lookups.media_ids import ROUNDED_ID_HINT, is_perhaps_rounded
from dashboard.models import Connection
from dashboard.removals import actions
from dashboard.request import Request, get_reader
from dashboard.reveals import ShownTooLongAgo
from dashboard.vault import MAX_ITEMS_PER_PAGE, MediaItem, MediaQuery, check_media_id
from dashboard.web import preferences
from dashboard.web.forms.media import MediaFilterForm, RevealForm, read_filters
from dashboard.web.htmx import go_to, show, wants_fragment
from dashboard.web.methods import asks_and_acts, shows
from dashboard.web.presenters import selection
from dashboard.web.presenters.media import RowBuilder, build_live_href
from dashboard.web.presenters.media_item import ItemPage, VariantCard
from dashboard.web.presenters.media_list import ListPage
from dashboard.web.presenters.saved_views import Menu
from dashboard.web.presenters.ticket import build_ticket_bar
from dashboard.web.presenters.watchlists import ExpiringPage, StuckPage
from dashboard.web.ticket_links import TicketLink, read_ticket


@shows(Role.VIEWER)
def media_list(request: Request, slug: str) -> HttpResponse:
    """Show one page of a connection's cache, by the filters in the address."""
    connection = request.connection(slug)
    preferences.remember(request, chosen=slug)
    form = read_filters(request.GET.urlencode())
    if not form.is_valid():  # no fallback to "no filter": people would trust the wrong list
        context: dict[str, Any] = {"page": None, "is_turned": False}
        return show(request, "media/list", connection=connection, form=form, **context, status=422)
    query = form.to_query()
    page = ListPage(connection, query, request.GET.getlist("trail"), service.list_media(connection, query))
    menu = Menu(get_reader(request), connection, query)
    ids, ticket = [row.id for row in page.rows if row.id], read_ticket(request.GET)
    bar = selection.build_selection_bar(request.person, connection, request.connections, ids, ticket)
    context = {"page": page, "menu": menu, "selection": bar, "is_turned": is_page_turned(request)}
    return show(request, "media/list", address=page.href, connection=connection, form=form, **context)


def is_page_turned(request: Request) -> bool:
    """Return whether Next or Previous was pressed: filters and the menu of views are then what they were."""
    return wants_fragment(request) and request.htmx.trigger in ("page-before", "page-after")


@shows(Role.VIEWER)
def media_live(request: Request, slug: str) -> HttpResponse:
    """Show the rows named by `id`, read again; the answer asks again for those still moving."""
    connection = request.connection(slug)
    asked = dict.fromkeys(request.GET.getlist("id")[:MAX_ITEMS_PER_PAGE])
    ids = [check_media_id(text) for text in asked]
    form = MediaFilterForm(request.GET)
    query = form.to_query() if form.is_valid() else MediaQuery()
    found = service.read_items(connection, ids)
    moving = sum(isinstance(item, MediaItem) and item.is_moving for item in found.values())
    gone = [media_id for media_id in ids if media_id not in found]
    tombstones = actions.find_tombstones(connection, gone) if gone else {}
    context = {
        "connection": connection,
        "rows": RowBuilder(connection, query).build_rows(found.values()),
        "gone": [(media_id, tombstones.get(media_id)) for media_id in gone],
        "moving": moving,
        "href": build_live_href(connection, query),
        "selection": selection.build_selection_bar(request.person, connection, (), ids),
    }
    return render(request, "media/_live.html", context)


@shows(Role.VIEWER)
def media_item(request: Request, slug: str, media_id: str) -> HttpResponse:
    """Show one item with every variant; or who removed it; or that it is not in the cache."""
    connection = request.connection(slug)
    preferences.remember(request, chosen=slug)
    check_media_id(media_id)
    ticket = read_ticket(request.GET)
    item = service.find_item(connection, media_id)
    if item is None:
        return render_gone(request, connection, TicketLink(media_id, ticket=ticket))
    return render_item(request, ItemPage(connection, item, ticket), ticket)


@asks_and_acts(Role.VIEWER)
def media_reveal(request: Request, slug: str, media_id: str) -> HttpResponse:
    """Record a reveal of what a page has just shown, and only then give its link, which no page has.

    A script is answered `{"src": link, "reason": why there is none}`; who has none is shown the item with it.
    GET leads to the item, for whoever comes back.
    """
    connection = request.connection(slug)
    check_media_id(media_id)
    ticket = read_ticket(request.GET)
    if request.method != "POST":
        return go_to(request, TicketLink(media_id, ticket=ticket).item_href(connection))
    form = RevealForm(request.POST)
    if not form.is_valid():  # such as of a page from before an update
        raise ShownTooLongAgo(media_id)
    show_it, listed = form.cleaned_data["show"], form.cleaned_data["listed"]
    digest = reveals.admit(request.caller, connection, media_id, show_it or form.cleaned_data["link"], listed)
    item = service.find_item(connection, media_id)
    page = ItemPage(connection, item, ticket) if item else None
    card = page.find_card(digest) if page else None
    link, reason = find_link(card, is_in_list=bool(listed)) if card else ("", "No longer in the cache")
    if card and link:
        reveals.record(request.caller, connection, media_id, card.label, ticket)
        card.is_open, card.is_link_open = bool(show_it), True
    if wants_fragment(request):
        return JsonResponse({"src": link, "reason": reason})
    if page is None:
        return render_gone(request, connection, TicketLink(media_id, ticket=ticket))
    return render_item(request, page, ticket)


def find_link(card: VariantCard, *, is_in_list: bool) -> tuple[str, str]:
    """Return the variant's link, or "" and why there is none: a list loads nothing that is not stored."""
    if is_in_list and not card.is_thumb:
        return "", card.no_picture_reason or "No picture"
    return card.link, "" if card.link else card.no_picture_reason


def render_item(request: Request, page: ItemPage, ticket: str) -> HttpResponse:
    """Return the item's page."""
    above = build_ticket_bar(request, page.connection, page.item.id, page.item, ticket)
    return show(request, "media/item", connection=page.connection, page=page, item=page.item, bar=above)


def render_gone(request: Request, connection: Connection, link: TicketLink) -> HttpResponse:
    """Return the item's tombstone, or that it is not cached here, and where else to look."""
    tombstone = actions.find_tombstone(connection, link.media_id)
    return show(
        request,
        "media/gone",
        connection=connection,
        media_id=link.media_id,
        tombstone=tombstone,
        hint=ROUNDED_ID_HINT if is_perhaps_rounded(link.media_id) else "",
        elsewhere=link.href if len(request.connections) > 1 else "",
        bar=build_ticket_bar(request, connection, link.media_id, tombstone, link.ticket),
        status=404,
    )


@shows(Role.VIEWER)
def connection_stuck(request: Request, slug: str) -> HttpResponse:
    """Show items with variants that have waited, or been stored, for more than an hour."""
    return show_watchlist(request, slug, "stuck", StuckPage)


@shows(Role.VIEWER)
def connection_expiring(request: Request, slug: str) -> HttpResponse:
    """Show the links that end soonest, by the last scan."""
    return show_watchlist(request, slug, "expiring", ExpiringPage)


def show_watchlist(
    request: Request, slug: str, name: str, kind: type[StuckPage | ExpiringPage]
) -> HttpResponse:
    """Return the page of a list that everybody has, and keep its connection as the one chosen last."""
    connection = request.connection(slug)
    preferences.remember(request, chosen=slug)
    menu = Menu(get_reader(request), connection, here=f"connection-{name}")
    return show(request, f"connection/{name}", connection=connection, menu=menu, page=kind(connection))
