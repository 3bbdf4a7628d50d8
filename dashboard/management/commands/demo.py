"""The whole program on one machine: sandbox, dashboard, three connections, drawn media."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from dashboard.demo import arguments
from dashboard.models import Connection
from dashboard.sandbox import DEMO_CONNECTIONS, DEMO_KEY


class Stopped(Exception):
    """Somebody asked the demo to stop."""


class Command(BaseCommand):
    help = "Run the dashboard over an embedded sandbox Vault+ with drawn media, on this machine only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        arguments(parser)

    def handle(self, *args: Any, port: int, sandbox_port: int, **options: Any) -> None:
        for number, what in ((port, "--port"), (sandbox_port, "--sandbox-port")):
            self.refuse_taken(number, what)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        self.add_connections()
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        children: list[subprocess.Popen[bytes]] = []
        try:
            # A group of their own: Ctrl-C reaches this process alone, which stops them in order.
            for command in (
                ["-m", "dashboard.sandbox", "--port", str(sandbox_port), "--key", DEMO_KEY],
                ["-m", "gunicorn", "-c", "python:dashboard.server", "--log-level", "warning"],
                ["manage.py", "worker"],
            ):
                children.append(
                    subprocess.Popen(
                        [sys.executable, *command],
                        cwd=settings.BASE_DIR,
                        stdout=subprocess.DEVNULL,  # the sandbox greets with its connection ids
                        start_new_session=True,
                    )
                )
            self.wait_until_ready(port, children)
            self.stdout.write(f"Open http://127.0.0.1:{port}/   (Ctrl-C stops the demo)")
            self.stdout.flush()
            while all(child.poll() is None for child in children):
                time.sleep(0.2)
            raise CommandError("A part of the demo ended by itself; what it said stands above.")
        except Stopped:
            self.stdout.write("Stopped.")
        finally:
            self.end(children)

    @staticmethod
    def end(children: list[subprocess.Popen[bytes]]) -> None:
        """Stop the dashboard before the service it talks to; what does not end in time is killed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(children):
            child.terminate()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def add_connections(self) -> None:
        for one in DEMO_CONNECTIONS:
            if not Connection.objects.filter(slug=one.slug).exists():
                connection = Connection(slug=one.slug, label=one.label, colour=one.colour)
                connection.give_id(one.id)
                connection.save()

    def refuse_taken(self, port: int, what: str) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                raise CommandError(
                    f"Port {port} is taken or not ours to use. Choose another with {what}."
                ) from None

    def wait_until_ready(self, port: int, children: list[subprocess.Popen[bytes]]) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if any(child.poll() is not None for child in children):
                raise CommandError("A part of the demo did not start; what it said stands above.")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2)
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise CommandError("The dashboard did not answer within 30 s.")

    @staticmethod
    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped
