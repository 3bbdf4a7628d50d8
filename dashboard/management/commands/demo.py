"""The whole program on one machine: sandbox, dashboard, three connections, drawn media."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from contextlib import suppress
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError

from dashboard import demo
from dashboard.management.base import DashboardCommand
from dashboard.models import Connection
from dashboard.private import VAR_DIR
from dashboard.sandbox import DEMO_CONNECTIONS, DEMO_KEY

MAX_START_SECONDS: Final = 90


class Stopped(Exception):
    """Somebody asked the demo to stop."""


class Command(DashboardCommand):
    help = "Run the dashboard over an embedded sandbox Vault+ with drawn media, on this machine only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        demo.add_arguments(parser)

    def handle(self, *args: Any, port: int, sandbox_port: int, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # `nohup` outlives its terminal
            signal.signal(signal.SIGHUP, self.stop)
        try:
            with demo.lock_database(VAR_DIR, os.environ["DATABASE_URL"], port) as lock:
                self.refuse_taken(port, "--port")
                self.refuse_taken(sandbox_port, "--sandbox-port")
                self.prepare()
                self.run(port, sandbox_port, lock)
        except demo.DemoRuns as other:
            raise CommandError(f"{other}\n{self.advice(port)}") from None
        except demo.CannotWrite as broken:
            raise CommandError(str(broken)) from None
        except Stopped:
            with suppress(OSError):  # the terminal may be closed
                self.stdout.write("Stopped.")

    def prepare(self) -> None:
        try:
            call_command("migrate", verbosity=0)
            with demo.lock_file(VAR_DIR / "static.lock"):  # of two demos that start at once
                call_command("collectstatic", interactive=False, verbosity=0)
            self.add_connections()
        except (OSError, OperationalError) as broken:
            raise CommandError(
                f"The demo could not write its database and its static files: {broken}\n"
                f"Make {VAR_DIR} yours, or copy the project into a folder of your own."
            ) from None

    def run(self, port: int, sandbox_port: int, lock: int) -> None:
        """Start the programs, say where the dashboard is, and wait until one of them ends."""
        children: list[subprocess.Popen[bytes]] = []
        end_of_pipe, ours = os.pipe()  # children read one end, and end when the other is closed
        try:
            # A group of their own: Ctrl-C reaches this process alone, which stops them in order.
            for command in (
                ["dashboard.sandbox", "--port", str(sandbox_port), "--key", DEMO_KEY],
                ["gunicorn", "-c", "python:dashboard.server", "--log-level", "warning"],
                ["manage", "worker"],
            ):
                children.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "dashboard.attached", *command],
                        cwd=settings.BASE_DIR,
                        stdin=end_of_pipe,
                        stdout=subprocess.DEVNULL,  # the sandbox greets with its connection ids
                        pass_fds=[lock],
                        start_new_session=True,
                    )
                )
            self.wait_until_ready(port, children)
            self.stdout.write(f"Open http://127.0.0.1:{port}/   (Ctrl-C stops the demo)")
            self.stdout.flush()
            while all(child.poll() is None for child in children):
                time.sleep(0.2)
            raise CommandError("A part of the demo ended by itself; what it said stands above.")
        finally:
            demo.announce_end(lock)
            self.end(children)
            os.close(end_of_pipe)
            os.close(ours)

    @staticmethod
    def end(children: list[subprocess.Popen[bytes]]) -> None:
        """Stop the dashboard before the service it talks to; what does not end in time is killed."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(children):
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=10)
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # with gunicorn's workers
            child.wait()

    def add_connections(self) -> None:
        for one in DEMO_CONNECTIONS:
            if not Connection.objects.filter(slug=one.slug).exists():
                connection = Connection(slug=one.slug, label=one.label, colour=one.colour)
                connection.set_connection_id(one.id)
                connection.save()

    @staticmethod
    def advice(port: int) -> str:
        if os.environ["DATABASE_URL"] != demo.make_database_url(port):
            return "Or name another database in DATABASE_URL: two demos cannot share one."
        return "Or start a second one, with a database of its own: choose another --port and --sandbox-port."

    def refuse_taken(self, port: int, what: str) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                raise CommandError(_words_of_taken(port, what)) from None

    def wait_until_ready(self, port: int, children: list[subprocess.Popen[bytes]]) -> None:
        deadline = time.monotonic() + MAX_START_SECONDS
        while time.monotonic() < deadline:
            if any(child.poll() is not None for child in children):
                raise CommandError("A part of the demo did not start; what it said stands above.")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10)
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise CommandError(f"The dashboard did not answer within {MAX_START_SECONDS} s.")

    @staticmethod
    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped


def _words_of_taken(port: int, what: str) -> str:
    other = demo.find_listener(port)
    if other is None:
        return f"Port {port} is taken or not ours to use. Choose another with {what}."
    if not other.is_demo:
        return (
            f"Port {port} is taken by process {other.pid} ({other.command[:80]}). Choose another with {what}."
        )
    return (
        f"Port {port} is taken by a demo that still runs: process {other.pid}. "
        f"End it with: kill {other.pid}\nOr choose another port with {what}."
    )
