"""The shipped application, and before it `/raw`: the yardstick that a page's own cost is measured against.

`/raw` makes the same upstream call, in the same process and through `requests` too, and returns the bytes
untouched. It passes by Django altogether, so all that the dashboard adds counts against the page.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import requests
from requests.adapters import HTTPAdapter

from dashboard.wsgi import application as shipped

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_UPSTREAM: Final = os.environ["VAULTPLUS_API_URL"] + "/v2/vault-plus/media"
_session: Final = requests.Session()
_session.trust_env = False  # proxies and certificates are looked up for every call otherwise
_session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=32))
_session.headers.update(
    {"apiKey": os.environ["VAULTPLUS_API_KEY"], "x-connection-id": os.environ["BENCH_CONNECTION_ID"]}
)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/raw":
        return shipped(environ, start_response)
    answer = _session.get(f"{_UPSTREAM}?{environ['QUERY_STRING']}", timeout=8)
    start_response(
        f"{answer.status_code} {answer.reason}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(answer.content)))],
    )
    return [answer.content]
