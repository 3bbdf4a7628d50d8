"""Two programs that print tables too, Datasette and Django admin, over the same hundred items as rows.

They are installed from package registries into `.venv-peers`, as tests/bench/requirements-peers.txt has it,
and read a database of their own where the dashboard asks a service.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from dashboard.bootstrap import make_environment
from dashboard.units import format_iso
from dashboard.vault import MediaItem, MediaQuery, VaultClient

from .list_page import by_processor, by_rate, middle
from .server import ROOT, CouldNotRun, Server, divide, find_free_port, pace_in_turn, run_quietly
from .stage import MILLION_PAGE, Stage, gunicorn
from .table import Row
from .upstream import MILLION

LOCK: Final = ROOT / "tests" / "bench" / "requirements-peers.txt"
_VERSIONS: Final = "from importlib.metadata import version as v; print(v('datasette'), v('django'))"
ITEMS: Final = 100
LABELS: Final = ("thumb", "720", "1080", "full")
ADMIN_PAGE: Final = "/admin/peer/item/"
DATASETTE_PAGE: Final = "/items/items?_size=100"
_TABLE: Final = """
    CREATE TABLE items (
        id TEXT PRIMARY KEY, type TEXT NOT NULL, length REAL,
        thumb TEXT NOT NULL, p720 TEXT NOT NULL, p1080 TEXT NOT NULL, "full" TEXT NOT NULL,
        size INTEGER NOT NULL, first_seen TEXT, last_access TEXT
    )"""


def over_peers(stage: Stage) -> Iterator[Row]:
    """Pages a second of one client, ours over theirs, in the same turns."""
    try:
        python = str(make_environment(ROOT / ".venv-peers", LOCK, sys.executable))
    except SystemExit as said:
        raise CouldNotRun(f"Datasette and Django admin, which could not be installed: {said}") from None
    datasette, django = run_quietly([python, "-c", _VERSIONS]).split()
    with (
        tempfile.TemporaryDirectory(prefix="peers-") as folder,
        run_datasette(python, Path(folder)) as theirs,
        run_admin(python, Path(folder)) as admins,
    ):
        asked = {
            "ours": (stage.dashboard, MILLION_PAGE),
            "datasette": (theirs, DATASETTE_PAGE),
            "admin": (admins, ADMIN_PAGE),
        }
        pace_in_turn(asked, 1, rounds=20)
        ours, of_datasette, of_admin = pace_in_turn(asked, 7, rounds=30).values()
    for name, paces, must, aim in (
        (f"Datasette {datasette}", of_datasette, 6, 8),
        (f"Django admin {django}", of_admin, 8, 10),
    ):
        note = (
            f"{middle(ours, by_rate):.0f} over {middle(paces, by_rate):.0f} a second; processor time a page "
            f"{middle(ours, by_processor):.1f} and {middle(paces, by_processor):.1f} ms."
        )
        words = f"Pages a second over {name}, 1 client"
        yield Row(words, "{:.1f}x", divide(ours, paces, by_rate), must, aim, more=True, note=note)


@contextmanager
def run_datasette(python: str, folder: Path) -> Iterator[Server]:
    """Datasette as it comes."""
    database, port = folder / "items.db", find_free_port()
    ids = write_items(database)
    command = [python, "-m", "datasette", "serve", str(database), "--host", "127.0.0.1", "--port", str(port)]
    with Server(command, port, {}, is_quiet=True) as server:
        check_rows(server, DATASETTE_PAGE, ids)
        yield server


@contextmanager
def run_admin(python: str, folder: Path) -> Iterator[Server]:
    """Django's admin by the dashboard's own web server; a superuser is signed in."""
    database, port = folder / "admin.sqlite3", find_free_port()
    ids = write_items(database)
    environ = {"BENCH_PEER_DATABASE": str(database), "DJANGO_SETTINGS_MODULE": "tests.bench.peer.settings"}
    cookie = run_quietly([python, "-m", "tests.bench.peer.prepare"], **environ).strip()
    command = gunicorn("django.core.wsgi:get_wsgi_application()", port, python)
    with Server(command, port, environ) as server:
        server.cookie = cookie
        check_rows(server, ADMIN_PAGE, ids)
        yield server


def check_rows(server: Server, path: str, ids: list[str]) -> None:
    """Wait for the page. Raises CouldNotRun unless it has a row for each of the items."""
    page = server.wait_for(path)
    found = sum(media_id in page for media_id in ids)
    if found != len(ids) or page.count("<tr") < found:
        raise CouldNotRun(f"{path} has {found} of {len(ids)} items.")


def write_items(file: Path) -> list[str]:
    """Write the first hundred items of the connection as the rows of a table; return their ids."""
    with VaultClient(os.environ["VAULTPLUS_API_URL"], os.environ["VAULTPLUS_API_KEY"]) as client:
        items = client.query(MILLION, MediaQuery(limit=ITEMS)).readable
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(_TABLE)
        connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", list_rows(items))
    return [item.id for item in items]


def list_rows(items: Iterable[MediaItem]) -> Iterator[tuple[object, ...]]:
    """Yield the columns of the list for each item, the places of its strip among them."""
    for item in items:
        seen = [one.created_at for one in item.media.values() if one.created_at]
        used = [one.last_accessed_at for one in item.media.values() if one.last_accessed_at]
        strip = [item.media[label].status if label in item.media else "absent" for label in LABELS]
        moments = (format_iso(max(seen)) if seen else None, format_iso(max(used)) if used else None)
        yield (item.id, item.type, item.duration, *strip, item.size_bytes, *moments)
