"""The demo's environment: the settings under which the shipped program runs against the sandbox.

Nothing but these settings tells the demo from the real service.
"""

import argparse
import os
import secrets
import sys
from typing import Final

from .private import VAR_DIR
from .sandbox import DEMO_KEY

DEFAULT_PORT: Final = 8000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the demo's ports to a command's arguments."""
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="where the dashboard listens (8000)")
    parser.add_argument("--sandbox-port", type=int, default=8001, help="where the sandbox listens (8001)")


def make_database_url(port: int) -> str:
    """Return the address of the database for the demo on this port.

    Each port has one, because each has its own sandbox, which does not know what was removed in another. So a
    second demo can run beside the first.
    """
    name = "demo.sqlite3" if port == DEFAULT_PORT else f"demo-{port}.sqlite3"
    return f"sqlite:///{VAR_DIR / name}"


def set_environment(argv: list[str]) -> None:
    """Set the demo's settings before Django reads them. A database named in DATABASE_URL is kept."""
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    chosen, _ = parser.parse_known_args(argv)
    sandbox = f"http://127.0.0.1:{chosen.sandbox_port}"
    try:
        VAR_DIR.mkdir(mode=0o700, exist_ok=True)
    except OSError as broken:
        sys.exit(
            f"The demo keeps its database in {VAR_DIR}, which could not be made: {broken.strerror}.\n"
            "Copy the project into a folder of your own."
        )
    os.environ.setdefault("DATABASE_URL", make_database_url(chosen.port))
    for name in ("VAULTPLUS_API_KEY", "DASHBOARD_SECRET_KEY", "DASHBOARD_DATA_KEYS", "DASHBOARD_AUDIT_KEYS"):
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(
        VAULTPLUS_API_URL=sandbox,
        VAULTPLUS_API_KEY=DEMO_KEY,
        VAULTPLUS_MEDIA_HOSTS=sandbox,
        DASHBOARD_AUTH="demo",
        DASHBOARD_SECRET_KEY=secrets.token_urlsafe(60),
        DASHBOARD_DATA_KEYS="demo-of-made-up-connections-data-key",  # its database outlives a restart
        DASHBOARD_AUDIT_KEYS="demo-of-made-up-connections-audit-key",
        DASHBOARD_ALLOWED_HOSTS="127.0.0.1,localhost",
        DASHBOARD_DEBUG="0",
        DASHBOARD_MEDIA_MODE=os.environ.get("DASHBOARD_MEDIA_MODE", "shown"),
        DASHBOARD_PLAIN_HTTP="1",
        DASHBOARD_BIND=f"127.0.0.1:{chosen.port}",
    )
