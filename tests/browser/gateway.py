"""A sign-on proxy before the program, whose session can end in each of the ways that proxies know."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

LOGIN_PAGE: Final = b"<!doctype html><title>Sign in</title><main><h1>Who are you?</h1><form></form></main>"
ENDINGS: Final = (
    "401",
    "401 or led away",
    "a form as 200",
    "a form as 403",
    "led to a form here",
    "led away",
)
"""What it answers, once the session has ended, to what is no whole page."""


class Gateway:
    """Passes on what it is asked until `end` says how the session has ended."""

    def __init__(self, program: str) -> None:
        self.program = urlsplit(program)
        self.ending = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"gateway": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self, ending: str) -> None:
        """End the session in this way; an empty one begins it again."""
        self.ending = ending

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    gateway: Gateway
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_page = self.headers.get("Sec-Fetch-Mode") == "navigate" or self.path.startswith("/static/")
        if self.path == "/login":
            self._give(200, LOGIN_PAGE)
        elif self.gateway.ending and not is_page:
            self._refuse(self.gateway.ending)
        else:
            self._pass_on(body)

    def _refuse(self, ending: str) -> None:
        is_by_script = self.headers.get("X-Requested-With") == "XMLHttpRequest"
        if ending == "401" or (ending == "401 or led away" and is_by_script):
            self._give(401, b"")
        elif ending.startswith("a form as "):
            self._give(int(ending[-3:]), LOGIN_PAGE)
        elif ending == "led to a form here":
            self._give(302, b"", Location="/login")
        else:
            self._give(302, b"", Location="https://login.example.com/")

    def _give(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _pass_on(self, body: bytes) -> None:
        program = self.gateway.program
        connection = http.client.HTTPConnection(program.hostname or "", program.port, timeout=60)
        connection.request(self.command, self.path, body, dict(self.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        connection.close()

    do_GET = do_POST = do_HEAD = _answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""
