"""The socket side: HTTP/1.1 with keep-alive, one write per response, and the declared faults."""

import socket
from collections.abc import Iterator
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread, current_thread
from typing import Any

from .faults import Fault
from .response import Response, make_error
from .service import Call, RawRequest, Service

MAX_BODY_BYTES = 1 << 20
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")


class SandboxServer(ThreadingHTTPServer):
    """Serves a `Service` on 127.0.0.1 only."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, service: Service, latency_ms: float) -> None:
        self.service, self.latency_ms = service, latency_ms
        self.stopping = Event()
        self.connections_opened = 0
        self._lock = Lock()
        self._open: dict[Thread, socket.socket] = {}
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without a look-up of our own name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, and list it while it is open."""
        with self._lock:
            self.connections_opened += 1
            self._open[current_thread()] = request
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away, and show our own mistakes."""
        import sys

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Stop serving and end every open connection."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            open_now = dict(self._open)
        for connection in open_now.values():
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in open_now:
            thread.join(timeout=2)


class _Handler(BaseHTTPRequestHandler):
    server: SandboxServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._respond
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Respond to a request that could not be parsed."""
        self.close_connection = True
        self._send(make_error(int(code), message or HTTPStatus(code).phrase))

    def _respond(self) -> None:
        body = self._read_body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = RawRequest(self.command, path, query, headers, body)
        call, fault, answer = self.server.service.receive(request)
        if call is not None and call.operation != "media" and self.server.latency_ms:
            self.server.stopping.wait(self.server.latency_ms / 1000)
        if fault is None:
            self._finish(call, answer())
        else:
            self._misbehave(call, fault, answer)

    def _read_body(self) -> bytes | None:
        if "transfer-encoding" in self.headers:
            self.send_error(411, "A request body needs a Content-Length")
            return None
        length = self.headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()):
            self.send_error(400, "Content-Length is not a number")
            return None
        if int(length) > MAX_BODY_BYTES:
            self.send_error(413, "The request body is too large")
            return None
        return self.rfile.read(int(length))

    def _misbehave(self, call: Call | None, fault: Fault, usual: Any) -> None:
        self.server.stopping.wait(fault.latency_ms / 1000)
        if fault.hold:
            self._wait_until_cleared()
        done: Response | None = None
        if fault.act or not (fault.has_response or fault.close or fault.hang):
            done = usual()
        if fault.hang:
            self._wait_until_cleared()
        if fault.hang or fault.close:
            self.close_connection = True
            return
        answer = fault.respond() if fault.has_response or done is None else done
        if not fault.has_response:
            answer.headers.update(fault.headers)
        if fault.cut or fault.drip_ms:
            self._send_in_pieces(call, answer, fault)
        else:
            self._finish(call, answer)

    def _wait_until_cleared(self) -> None:
        before = self.server.service.faults.cleared
        while self.server.service.faults.cleared == before and not self.server.stopping.wait(0.02):
            pass

    def _finish(self, call: Call | None, answer: Response) -> None:
        if call is not None:
            call.status = answer.status
        self._send(answer)

    def _send_in_pieces(self, call: Call | None, answer: Response, fault: Fault) -> None:
        body = b"".join(answer.stream()) if answer.stream else answer.body
        if fault.cut:
            body, self.close_connection = body[: len(body) // 2], True
        if call is not None:
            call.status = answer.status
        self.wfile.write(self._head(answer))
        step = fault.drip_bytes if fault.drip_ms else max(1, len(body))
        for start in range(0, len(body), step):
            if self.server.stopping.wait(fault.drip_ms / 1000):
                self.close_connection = True
                return
            self.wfile.write(body[start : start + step])

    def _send(self, answer: Response) -> None:
        head = self._head(answer)
        if self.command == "HEAD":
            self.wfile.write(head)
        elif answer.stream is None:
            self.wfile.write(head + answer.body)
        else:
            for piece in _prepend(head, answer.stream()):
                self.wfile.write(piece)

    def _head(self, answer: Response) -> bytes:
        try:
            reason = HTTPStatus(answer.status).phrase
        except ValueError:
            reason = "Unknown"
        lines = [
            f"HTTP/1.1 {answer.status} {reason}",
            f"Date: {formatdate(usegmt=True)}",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
        ]
        if answer.status != HTTPStatus.NO_CONTENT and answer.status != HTTPStatus.NOT_MODIFIED:
            lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {answer.content_length}"]
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _prepend(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield head + next(pieces, b"")
    yield from pieces
