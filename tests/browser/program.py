"""The shipped demo as a process of its own, and what the browser tests tell its sandbox over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self

from dashboard.sandbox import DEMO_CONNECTIONS, DEMO_KEY
from tests.environment import NO_BUDGETS

ROOT: Final = Path(__file__).resolve().parent.parent.parent
IDS: Final = {one.slug: one.id for one in DEMO_CONNECTIONS}
Item = dict[str, Any]


class Program:
    """`manage.py demo` on free ports with a database of its own.

    Media is blurred for those who have not chosen, as in production; a demo alone shows it.
    """

    def __init__(self, folder: Path, media: str = "blurred", **settings: str) -> None:
        port, sandbox_port = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        self.database = folder / "browser.sqlite3"
        self.sandbox = Sandbox(f"http://127.0.0.1:{sandbox_port}")
        self.said: list[str] = []
        self._ready = threading.Event()
        ours = ("DASHBOARD_", "VAULTPLUS_", "DJANGO_", "COVERAGE_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        environment |= {
            **NO_BUDGETS,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DASHBOARD_TICKET_URL": "https://desk.example.com/tickets/{ticket}",
            "DASHBOARD_MEDIA_MODE": media,
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self.environment = environment
        command = ["manage.py", "demo", "--port", str(port), "--sandbox-port", str(sandbox_port)]
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a Ctrl-C meant for the tests stops it in order, through `stop`
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(line)
            if "Open http" in line:
                self._ready.set()
        self._ready.set()

    def wait(self) -> Self:
        """Return when it says that it can be opened."""
        self._ready.wait(60)
        assert any("Open http" in line for line in self.said), "".join(self.said) or "it said nothing"
        return self

    def manage(self, *arguments: str) -> None:
        """Run a command of manage.py on the demo's database, under the demo's settings."""
        run = "import sys; from dashboard import demo; demo.set_environment([]); import manage; manage.main()"
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "dashboard.settings"}
        command = [sys.executable, "-c", run, *arguments]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)

    def recall(self, what: str) -> None:
        """Call something of `past_brakes`."""
        self.manage("shell", "-c", f"from tests.browser import past_brakes; past_brakes.{what}")

    def empty_selections(self) -> None:
        """Selections outlive the windows of a test: what one selects is nothing to the next."""
        with closing(sqlite3.connect(self.database, timeout=20, isolation_level=None)) as database:
            database.execute("DELETE FROM dashboard_trayitem")

    def check(self) -> None:
        """Assert that it still runs; a test that comes after its end would only say that nothing answers."""
        assert self._process.poll() is None, "".join(self.said)

    def breaker(self) -> str:
        """Whether its calls reach the service (closed), or are left out after failures."""
        with urllib.request.urlopen(f"{self.url}/readyz", timeout=20) as answer:  # noqa: S310
            return str(json.load(answer)["vault"]["breaker"])

    def stop(self) -> str:
        """Ctrl-C; what it said from beginning to end. Asserts that it ended as it should."""
        try:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
            code = self._process.wait(timeout=30)
        finally:
            self._process.kill()
            self._reader.join(timeout=5)
            assert self._process.stdout
            self._process.stdout.close()
        said = "".join(self.said)
        assert code == 0, said
        assert "Stopped." in said, said
        assert "Traceback" not in said, said
        return said


class Sandbox:
    """The program's sandbox, spoken to from outside it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def reset(self) -> None:
        """As new: nothing removed, nothing called, no fault to come."""
        self._ask("POST", "/_sandbox/reset")

    def fault(self, **fields: Any) -> None:
        """Have the next matching call go wrong."""
        self._ask("POST", "/_sandbox/faults", fields)

    def behave(self) -> None:
        self._ask("DELETE", "/_sandbox/faults")

    def calls(self, *operations: str) -> list[Item]:
        """Calls so far, in order; only these operations where some are named."""
        calls: list[Item] = self._ask("GET", "/_sandbox/calls")["calls"]
        return [call for call in calls if not operations or call["operation"] in operations]

    def looks(self) -> list[Item]:
        """Calls to media links so far."""
        looks: list[Item] = self._ask("GET", "/_sandbox/calls")["mediaCalls"]
        return looks

    def items(self, slug: str = "studio-a", limit: int = 50) -> list[Item]:
        items: list[Item] = self._of(slug, "GET", f"?limit={limit}")["items"]
        return items

    def find(self, fits: Callable[[Item], bool], slug: str = "studio-a") -> Item:
        """The first item of the connection's first page that fits."""
        return next(item for item in self.items(slug) if fits(item))

    def item(self, media_id: str, slug: str = "studio-a") -> Item:
        item: Item = self._of(slug, "GET", f"/{media_id}")
        return item

    def delete(self, media_id: str, slug: str = "studio-a") -> None:
        """Delete it behind the dashboard's back."""
        self._of(slug, "DELETE", f"/{media_id}")

    def store(self, url: str) -> None:
        """Have the service store a variant, as somebody else's client may."""
        self._ask("POST", url.removeprefix(self.url))

    def _of(self, slug: str, method: str, rest: str) -> Any:
        headers = {"apiKey": DEMO_KEY, "x-connection-id": IDS[slug]}
        return self._ask(method, f"/v2/vault-plus/media{rest}", headers=headers)

    def _ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.url + path, content, {"Content-Type": "application/json", **(headers or {})}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{method} {path}: {refused.code} {refused.read()!r}") from None


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def stored(item: Item, label: str = "thumb") -> bool:
    """Whether the item has this variant stored, behind a link that still works."""
    return label in item["media"] and item["media"][label]["status"] == "stored"


def settled(item: Item) -> bool:
    """Whether the item rests: all its variants stored."""
    return all(variant["status"] == "stored" for variant in item["media"].values())
