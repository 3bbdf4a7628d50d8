"""The one rule for page or fragment, the few answers that only htmx understands, and downloads."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect, push_url, reswap, retarget

from dashboard.origins import make_own_path
from dashboard.request import Request
from dashboard.spreadsheets import CONTENT_TYPES, content_disposition


def wants_fragment(request: Request) -> bool:
    """Return whether htmx swaps the answer into a page that stands; restored history is a whole page."""
    hx = request.htmx
    return bool(hx) and not hx.boosted and not hx.history_restore_request


def find_page_behind(request: Request) -> str:
    """Return the address of our page that htmx sent this request from, or "" if it names none of ours."""
    try:
        return make_own_path(request.htmx.current_url_abs_path or "")
    except ValueError:  # a header that is no address
        return ""


def find_page_before(request: Request) -> str:
    """Return the address of our page whose link or form sent this request, or "" if it names none of ours."""
    try:
        sender = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    is_ours = sender.netloc == request.get_host()
    return make_own_path(urlunsplit(("", "", sender.path, sender.query, ""))) if is_ours else ""


def show(
    request: Request, name: str, *, status: int = 200, address: str = "", **context: Any
) -> HttpResponse:
    """Return the page `media/list.html` for `media/list`, or for htmx the fragment `media/_list.html`;
    the browser then shows `address`, if one is given."""
    is_fragment = wants_fragment(request)
    if is_fragment:
        folder, _, noun = name.rpartition("/")
        name = f"{folder}/_{noun}"
    response = render(request, f"{name}.html", context, status=status)
    if is_fragment and address:
        push_url(response, address)
    patch_vary_headers(response, ("HX-Request", "HX-Boosted", "HX-History-Restore-Request"))
    return response


def show_fragment(
    request: Request, name: str, *, target: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Return the fragment `name`, put into `target` whatever the request meant to swap; the address stays."""
    return retarget_to(target, render(request, f"{name}.html", context, status=status))


def retarget_to(target: str, response: HttpResponse) -> HttpResponse:
    """Have htmx put the answer beside what stands, and leave what stands its address."""
    return push_url(reswap(retarget(response, target), "innerHTML"), False)


def go_to(request: Request, url: str) -> HttpResponse:
    """Send the reader to another page of ours, by script or without."""
    if wants_fragment(request):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url, status=303)


def send_file(body: Iterable[bytes], file_format: str, name: str) -> StreamingHttpResponse:
    """Send a download of this format as it is read; a browser saves it under this name."""
    response = StreamingHttpResponse(body, content_type=CONTENT_TYPES[file_format])
    response.headers["Content-Disposition"] = content_disposition(name)
    return response
