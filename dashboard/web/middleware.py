"""What every answer carries, how pages are compressed, and what becomes of trouble upstream."""

from __future__ import annotations

import contextlib
import uuid
import zlib
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from django.utils.cache import patch_vary_headers

from dashboard import schema
from dashboard.audit import NotRecorded
from dashboard.audit.queries import UnknownRecord
from dashboard.encryption import Unsealable
from dashboard.exports.downloads import TooManyDownloads
from dashboard.exports.handout import NoFile
from dashboard.exports.job import TooManyExports
from dashboard.jobs.lifecycle import JobIsThere, JobNotOpened
from dashboard.lookups.store import ExpiredLookup, UnknownLookup
from dashboard.origins import own_path
from dashboard.removals.actions import FormUsed, InFlight, IntentNotRecorded, OutcomeNotRecorded
from dashboard.removals.bulk import NothingToRemove
from dashboard.request import Request
from dashboard.security import headers, is_same_site
from dashboard.selection import TrayIsFull
from dashboard.service import UnknownConnection
from dashboard.vault import VaultError

from . import bare_pages, error_pages
from .htmx import go_to
from .identity_middleware import PROBES
from .ticket_links import UnusableLink
from .views import audit, export, lookup, selection, ticket

Next = Callable[[HttpRequest], HttpResponseBase]


class Headers:
    """An id and an address of ours for the request, and the security headers on every answer."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.headers = headers(settings.VAULTPLUS_MEDIA_HOSTS)

    def __call__(self, request: Request) -> HttpResponseBase:
        request.request_id = uuid.uuid4().hex
        request.path, request.path_info = own_path(request.path), own_path(request.path_info)
        response = self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-ID"] = request.request_id
        return response


class KnownHosts:
    """Refuses a request for a name that is none of ours, in words.

    Probes ask by whatever address they know, or by none: what they are told is the same under any name.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.security = SecurityMiddleware(get_response)  # its redirect would ask for the name first

    def __call__(self, request: Request) -> HttpResponseBase:
        if request.path_info in PROBES:
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        try:
            request.get_host()
        except DisallowedHost:
            return self.security.process_response(request, bare_pages.unknown_host(request))
        return self.get_response(request)


class SameSite:
    """Refuses a change asked for by another site, whatever token it brings."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        if not is_same_site(request.method or "", request.headers.get("Sec-Fetch-Site")):
            return error_pages.forged_form(request, "another site")
        return self.get_response(request)


class Compression:
    """Pages by gzip at level 4: two thirds of level 6's time for two per cent more bytes.

    Django's own GZipMiddleware has its level built in. The secrets on a page are masked afresh for every
    answer (the CSRF token), so that its length says nothing of them.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, HttpResponse) or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if len(response.content) < 500 or "gzip" not in request.headers.get("Accept-Encoding", ""):
            return response
        packer = zlib.compressobj(4, zlib.DEFLATED, 31)
        response.content = packer.compress(response.content) + packer.flush()
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
        return response


LARGEST_HEARD: Final = 64 * 1024 * 1024
_PIECE: Final = 64 * 1024


def hear_out(request: HttpRequest) -> None:
    """Read a request away, piece by piece: a browser that is cut off while it sends shows no answer. Whoever
    sends more than any paste or list of ids has is cut off all the same."""
    with contextlib.suppress(UnreadablePostError):
        heard = 0
        while heard < LARGEST_HEARD and (piece := request.read(_PIECE)):
            heard += len(piece)


class Trouble:
    """Errors with a name become a page, or a fragment that leaves the page beneath it as it was."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        length = request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length[:20]) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            hear_out(request)
            return error_pages.too_large(request)
        response = self.get_response(request)
        if response.status_code == 405:  # Django's own has no words
            return error_pages.wrong_method(request, response.headers["Allow"])
        return response

    def process_exception(self, request: Request, error: Exception) -> HttpResponse | None:
        match error:
            case VaultError():
                return error_pages.upstream(request, error)
            case UnknownConnection():
                return error_pages.unknown_connection(request)
            case Unsealable():
                return error_pages.unsealable(request)
            case UnusableLink():
                return ticket.unusable(request, error)
            case InFlight():
                return error_pages.in_flight(request, error)
            case UnknownRecord():
                return audit.unknown_record(request)
            case UnknownLookup():
                return lookup.unknown(request)
            case ExpiredLookup():
                return lookup.expired(request)
            case FormUsed():
                return error_pages.form_used(request)
            case NoFile():
                return export.no_file(request, error)
            case TooManyDownloads():
                return export.too_many(request, error)
            case TooManyExports():
                return export.enough(request, error)
            case JobIsThere():
                return go_to(request, error.job.get_absolute_url())
            case NothingToRemove():
                return selection.all_held(request, error)
            case TrayIsFull():
                return selection.is_full(request)
            case IntentNotRecorded():
                return error_pages.not_recorded(request)
            case NotRecorded() | JobNotOpened():
                return error_pages.nothing_done(request)
            case OutcomeNotRecorded():
                return error_pages.outcome_not_recorded(request, error)
            case ProgrammingError() | OperationalError() if schema.is_behind(error):
                return bare_pages.not_migrated(request)
            case OperationalError() | InterfaceError():
                return bare_pages.no_database(request, error)
        return None
