"""Middleware: headers that every answer carries, requests that are refused, and pages for errors."""

import logging
import uuid
from typing import Final

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import Error
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from whitenoise.middleware import WhiteNoiseFileResponse

from dashboard.jobs import lifecycle
from dashboard.origins import make_own_path
from dashboard.problems import Problem
from dashboard.removals.outcomes import has_called
from dashboard.request import GetResponse, Request
from dashboard.security import FILE_HEADERS, SAFE_METHODS, is_same_site, make_security_headers
from dashboard.vault import VaultError

from . import bare_pages
from .error_pages import (
    ProcessStopping,
    TooLarge,
    WrongMethod,
    render_forged_form,
    render_problem,
    render_vault_error,
)
from .identity_middleware import PROBES

logger = logging.getLogger(__name__)


NOT_FOR_FILES: Final = ("Cross-Origin-Opener-Policy", "Referrer-Policy", "ETag", "Last-Modified")
"""Headers of Django's that concern pages, and WhiteNoise's of a file that may change: its name would, too."""


class ResponseHeaders:
    """An id and an address of ours for the request, and the security headers on every answer.

    Most of a first load are static files: they go without the id, and without what concerns pages only.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        is_https = not settings.DASHBOARD_PLAIN_HTTP
        self.headers = make_security_headers(settings.VAULTPLUS_MEDIA_HOSTS, is_https=is_https)

    def __call__(self, request: Request) -> HttpResponseBase:
        request.request_id = uuid.uuid4().hex
        request.path, request.path_info = make_own_path(request.path), make_own_path(request.path_info)
        response = self.get_response(request)
        is_file = isinstance(response, WhiteNoiseFileResponse)
        for name, value in (FILE_HEADERS if is_file else self.headers).items():
            response.headers.setdefault(name, value)
        if is_file:
            for name in NOT_FOR_FILES:
                response.headers.pop(name, None)
        else:
            response.headers["X-Request-ID"] = request.request_id
        return response


class KnownHosts:
    """Refuses a request for a name that is none of ours, in words.

    Probes ask by whatever address they know, or by none: what they are told is the same under any name.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.security = SecurityMiddleware(get_response)  # its redirect would ask for the name first

    def __call__(self, request: Request) -> HttpResponseBase:
        if request.path_info in PROBES:
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        try:
            request.get_host()
        except DisallowedHost:
            request_id = {"request_id": request.request_id}
            logger.warning("a name that is not in DASHBOARD_ALLOWED_HOSTS", extra=request_id)
            refusal = bare_pages.render_bare(request, bare_pages.UnknownHost())
            return self.security.process_response(request, refusal)
        return self.get_response(request)


class SameSite:
    """Refuses a change asked for by another site, whatever token it brings."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        if not is_same_site(request.method or "", request.headers.get("Sec-Fetch-Site")):
            return render_forged_form(request, "Sent by another site")
        return self.get_response(request)


class ErrorPages:
    """Turns every problem into a page, or a notice that leaves the page beneath it as it was."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        length = request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length[:20]) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return render_problem(request, TooLarge(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        if lifecycle.stopping.is_set() and request.method not in SAFE_METHODS:
            return render_problem(request, ProcessStopping())
        has_called.set(False)
        response = self.get_response(request)
        if response.status_code == 405:  # Django's own has no words
            allowed = response.headers["Allow"]
            response = render_problem(request, WrongMethod(request.method or "", allowed))
            response.headers["Allow"] = allowed
        return response

    def process_exception(self, request: Request, error: Exception) -> HttpResponse | None:
        match error:
            case Problem():
                return render_problem(request, error)
            case VaultError():
                return render_vault_error(request, error)
            case Error():
                return bare_pages.render_database_error(request, error, has_called=has_called.get())
        return None
