"""Made-up settings under which the tests, the checks and the type checker run the program."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Final

API_KEY: Final = "vpk_canary_Zq7XwN3e9sK1"
SECRET_KEY: Final = "canary-secret-B4uHq-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2

MADE_UP: Final = {
    "VAULTPLUS_API_URL": "http://127.0.0.1:9",
    "VAULTPLUS_API_KEY": API_KEY,
    "VAULTPLUS_MEDIA_HOSTS": "http://127.0.0.1:9",
    "DASHBOARD_AUTH": "demo",
    "DASHBOARD_SECRET_KEY": SECRET_KEY,
    "DASHBOARD_DATA_KEYS": "canary-data-key-7rVq0pXe-0123456789abcdef",
    "DASHBOARD_AUDIT_KEYS": "canary-audit-key-Yw3kT8s-0123456789abcdef",
    "DASHBOARD_ALLOWED_HOSTS": "127.0.0.1,localhost",
    "DASHBOARD_DEBUG": "0",
    "DASHBOARD_MEDIA_MODE": "blurred",
    "DASHBOARD_PLAIN_HTTP": "0",
    "DASHBOARD_TICKET_URL": "https://desk.example.com/tickets/{ticket}",
}

NO_BUDGETS: Final = dict.fromkeys(
    (
        "DASHBOARD_MAX_DELETIONS_PER_HOUR",
        "DASHBOARD_MAX_BULK_ITEMS_PER_DAY",
        "DASHBOARD_MAX_REVEALS_PER_HOUR",
        "DASHBOARD_MAX_EXPORTS_PER_HOUR",
        "DASHBOARD_MAX_LOOKUP_IDS_PER_HOUR",
        "DASHBOARD_MAX_SCANS_PER_HOUR",
        "DASHBOARD_MAX_SAVED_VIEWS",
    ),
    "0",
)
"""For programs that many tests share, each of which does as the same few people what a day would hold."""


def make_up(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set every setting but DATABASE_URL, which is kept, so that the same tests run on any database."""
    for name in MADE_UP:
        environ.pop(f"{name}_FILE", None)
    environ.update(MADE_UP)
