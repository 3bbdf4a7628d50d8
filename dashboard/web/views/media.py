"""Cached media: the list, one item, variants on the move, stuck items, and links that end soon."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from dashboard import audit, service
from dashboard.encryption import DecryptionError
from dashboard.identity import Role
from dashboard.lookups.media_ids import ROUNDED_ID_HINT, is_perhaps_rounded
from dashboard.models import Connection
from dashboard.oddities import MAX_LABEL_LENGTH
from dashboard.removals import actions
from dashboard.request import Request, get_reader
from dashboard.security import is_from_here
from dashboard.vault import MAX_ITEMS_PER_PAGE, MediaItem, MediaQuery, VaultError, check_media_id
from dashboard.web import preferences
from dashboard.web.error_pages import log_vault_errors
from dashboard.web.forms.media import MediaFilterForm, RevealForm, read_filters
from dashboard.web.htmx import show
from dashboard.web.methods import acts, shows
from dashboard.web.presenters import selection
from dashboard.web.presenters.media import RowBuilder, build_live_href
from dashboard.web.presenters.media_item import ItemPage
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
        return show(request, "media/list", connection=connection, form=form, page=None, status=422)
    query = form.to_query()
    page = ListPage(connection, query, request.GET.getlist("trail"), service.list_media(connection, query))
    menu = Menu(get_reader(request), connection, query)
    ids, ticket = [row.id for row in page.rows if row.id], read_ticket(request.GET)
    bar = selection.build_selection_bar(request.person, connection, request.connections, ids, ticket)
    context: dict[str, Any] = {"page": page, "menu": menu, "selection": bar}
    return show(request, "media/list", address=page.href, connection=connection, form=form, **context)


@shows(Role.VIEWER)
def media_live(request: Request, slug: str) -> HttpResponse:
    """Show the rows named by `id`, read again; the answer asks again for those still moving."""
    connection = request.connection(slug)
    asked = dict.fromkeys(request.GET.getlist("id")[:MAX_ITEMS_PER_PAGE])
    ids = [check_media_id(text) for text in asked]
    form = MediaFilterForm(request.GET)
    query = form.to_query() if form.is_valid() else MediaQuery()
    found = service.read_items(connection, ids)
    moving = [i for i, item in found.items() if isinstance(item, MediaItem) and item.is_moving]
    gone = [media_id for media_id in ids if media_id not in found]
    tombstones = actions.find_tombstones(connection, gone) if gone else {}
    context = {
        "connection": connection,
        "rows": RowBuilder(connection, query).build_rows(found.values()),
        "gone": [(media_id, tombstones.get(media_id)) for media_id in gone],
        "ids": moving,
        "href": build_live_href(connection, moving, query),
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
    # A link from elsewhere reveals nothing: that takes a press on a page of ours.
    is_pressed = is_from_here(request.headers.get("Sec-Fetch-Site"))
    revealed = request.GET.get("reveal") if is_pressed else None
    labels = {label[:MAX_LABEL_LENGTH] for label in item.media}
    if revealed is not None and revealed in labels and request.method == "GET":
        record_reveal(request, connection, media_id, revealed, ticket)
    page = ItemPage(connection, item, revealed, ticket)
    above = build_ticket_bar(request, connection, media_id, item, ticket)
    return show(request, "media/item", connection=connection, page=page, item=item, bar=above)


@acts(Role.VIEWER)
def media_reveal(request: Request, slug: str, media_id: str) -> HttpResponse:
    """Record that a variant was revealed by a press.

    A page that has the variant's link shows it already. A table in which nothing is loaded has none, and asks
    for the thumb's here: the answer is `{"src": link, "reason": why there is none}`.
    """
    connection = request.connection(slug)
    check_media_id(media_id)
    form = RevealForm(request.POST)
    if not form.is_valid():
        return HttpResponse("No such variant.\n", status=422, content_type="text/plain")
    record_reveal(request, connection, media_id, form.cleaned_data["variant"], form.cleaned_data["ticket"])
    if not form.cleaned_data["link"]:
        return HttpResponse(status=204)
    try:
        item = service.find_item(connection, media_id)
    except VaultError as error:
        log_vault_errors(request, [error])
        return JsonResponse({"src": "", "reason": error.title})
    except DecryptionError as error:
        return JsonResponse({"src": "", "reason": error.reason})
    src, reason = RowBuilder(connection).find_thumb(item) if item else ("", "No longer in the cache")
    return JsonResponse({"src": src, "reason": reason})


def record_reveal(request: Request, connection: Connection, media_id: str, variant: str, ticket: str) -> None:
    """Record that the person revealed a variant."""
    audit.record(
        "media.revealed",
        request.caller,
        connection=connection,
        media_id=media_id,
        ticket=ticket,
        result={"variant": variant[:MAX_LABEL_LENGTH]},
    )


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
