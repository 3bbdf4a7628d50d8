"""Settings of gunicorn, in the demo and in production: `gunicorn -c python:dashboard.server`.

Threads of one worker share a heap, and get long turns and no collection of what start-up built.
"""

import contextlib
import ctypes
import gc
import html
import os
import sys
from typing import Any, Final

from .auth.repeated_headers import note_repeated
from .logs import LOGGING
from .origins import is_loopback
from .security import make_security_headers
from .slow_readers import drop_slow_readers

_M_ARENA_MAX: Final = -8  # of glibc's malloc.h; other C libraries have no such call

wsgi_app = "dashboard.wsgi"
worker_class = "dashboard.web_worker.BufferingWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
# At most 20 wait for the service (vault/concurrency.py) and 4 for readers of downloads: whatever hangs, 4 are
# left for pages that ask the service nothing.
threads = 28
worker_connections = 400  # beyond, the oldest of those whose request has not arrived gives way
timeout = 90  # a purge may take 60 s
graceful_timeout = 75
keepalive = 75
limit_request_line = 8190
MAX_HEADER_BYTES: Final = 33 * 1024
"""Bytes of a header's line: a token of the greatest length behind its name. See MAX_TOKEN_LENGTH."""
limit_request_field_size = MAX_HEADER_BYTES
bind = os.environ.get("DASHBOARD_BIND", "127.0.0.1:8000")
sendfile = False  # it would wait for a reader without end
logger_class = "dashboard.web_response.Log"
forwarder_headers = ""  # gunicorn would believe SCRIPT_NAME, and proxies pass on what clients sent
logconfig_dict = {
    **LOGGING,
    "loggers": {**LOGGING["loggers"], "gunicorn.error": {"handlers": [], "propagate": True}},
}
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Read the settings before anything listens: a wrong one is a sentence, not a traceback a second."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.exceptions import ImproperlyConfigured

    try:
        from . import settings
    except ImproperlyConfigured as wrong:
        sys.exit(f"The dashboard did not start.\n{wrong}")
    _change_gunicorn(
        settings.VAULTPLUS_MEDIA_HOSTS, settings.SECURE_HSTS_SECONDS, settings.DASHBOARD_WRITE_SECONDS
    )


def when_ready(server: Any) -> None:
    """End before the first request if a demo listens to other machines, however that came about."""
    from . import settings

    names = [listener.getsockname() for listener in server.LISTENERS]
    hosts = [name[0] for name in names if isinstance(name, tuple)]  # a Unix socket has a path
    if settings.IS_DEMO and not all(
        is_loopback(f"//[{host}]" if ":" in host else f"//{host}") for host in hosts
    ):
        sys.exit(
            "The dashboard did not start.\nDASHBOARD_AUTH=demo lets anyone pick a role, so gunicorn may "
            "listen on a loopback address or a Unix socket only."
        )


def pre_request(worker: Any, request: Any) -> None:
    """Note which of the sign-on's headers came twice, before they are joined."""
    from django.conf import settings

    request.headers = note_repeated(request.headers, settings.AUTH_CONFIG.header_names)


def check_site() -> None:
    """Run the system checks without the database; an AppImportError ends gunicorn with its text."""
    from django.core.checks import run_checks
    from gunicorn.errors import AppImportError

    if errors := [str(one) for one in run_checks(databases=[]) if one.is_serious() and not one.is_silenced()]:
        raise AppImportError("\n".join(("The dashboard did not start.", *errors)))


def post_worker_init(worker: Any) -> None:
    """Prepare a worker for its requests, and start its reconciler."""
    from . import settings
    from .auth.backend import fetch_keys_ahead
    from .removals.recovery import start_reconciler

    check_site()
    fetch_keys_ahead(settings.AUTH_CONFIG)
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.05)
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    worker.reconciler = start_reconciler()


def _change_gunicorn(media_hosts: list[str], hsts_seconds: int, write_seconds: float) -> None:
    from gunicorn import util

    drop_slow_readers(util, write_seconds)
    ours = make_security_headers(media_hosts, is_https=bool(hsts_seconds))
    if hsts_seconds:
        ours["Strict-Transport-Security"] = f"max-age={hsts_seconds}; includeSubDomains; preload"
    lines = "".join(f"{name}: {value}\r\n" for name, value in ours.items())

    def write_error(sock: Any, status: int, reason: str, message: str) -> None:
        """Write the page for a request that never reaches Django: a long line, a broken header."""
        advice = {
            408: "Your request did not arrive in time, so nothing was done. Send it again.",
            414: "This address is too long. Paste the media ID alone into the search box.",
            431: "Your sign-on or your browser sent more with its request than can be read. If you are in "
            "hundreds of groups, tell your administrator: the sign-on can send fewer of them. If not, clear "
            "this site's cookies and sign in again.",
            503: "Too much is arriving here at once, so nothing was done. Send it again in a minute.",
        }.get(status, "The server could not read this request.")
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            f"<title>Error: {html.escape(reason)}</title><h1>{html.escape(reason)}</h1><p>{advice}</p>"
            '<p><a href="/">Back to the start</a></p></html>'
        ).encode()
        head = (
            f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n"
            f"Content-Length: {len(page)}\r\n{lines}\r\n"
        )
        util.write_nonblock(sock, head.encode("latin-1") + page)

    util.write_error = write_error
