"""A server over bare sockets, for the answers that no HTTP library would send."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, Self


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire. Header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Wire:
    """The server's side of one connection, for a reply that does more than send and wait."""

    socket: socket.socket
    stopping: threading.Event

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def drip(self, data: bytes, every: float = 0.05) -> None:
        """Send byte by byte."""
        for byte in data:
            self.send(bytes([byte]))
            if self.stopping.wait(every):
                return

    def stay_silent(self) -> None:
        """Send nothing until the server stops."""
        self.stopping.wait()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


Reply = bytes | Callable[[Wire], bool | None]
"""Bytes are sent and the connection is kept; a function has the connection, which is kept if it says True."""


def answer(status: int = 200, body: bytes | str = b"", **headers: str) -> bytes:
    """A whole answer. Header names are given with underscores."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Some Reason", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


def says(value: object, status: int = 200, **headers: str) -> bytes:
    """A whole answer with `value` as JSON."""
    return answer(status, json.dumps(value), **headers)


def name_of(reply: Reply) -> str:
    """A short name for a test's id."""
    return reply.__name__ if callable(reply) else reply[9:12].decode()


@dataclass
class RawServer:
    """Listens on a free loopback port. Request n gets reply n, and the last reply again from then on."""

    replies: list[Reply] = field(default_factory=list)
    certificate: str | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._tls: ssl.SSLContext | None = None
        if self.certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(self.certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        # An accept under way does not notice a closed socket; a last connection wakes it.
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname(), 1).close()
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        scheme = "http" if self.certificate is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    def answers(self, *replies: Reply) -> None:
        """From now on answer so; forget what was asked before."""
        with self._lock:
            self.replies[:] = replies
            self.requests.clear()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._stopping.is_set():
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        # What a client that gave up does to our side of the connection is no news.
        with suppress(OSError), connection:
            secured = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with self._lock:
                self._open.append(secured)
            with secured, secured.makefile("rb") as stream:
                for request in _requests(stream):
                    with self._lock:
                        self.requests.append(request)
                        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
                    if callable(reply):
                        if not reply(Wire(secured, self._stopping)):
                            return
                    else:
                        secured.sendall(reply)


def _requests(stream: BinaryIO) -> Iterator[Request]:
    while line := stream.readline():
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while (header := stream.readline().decode("latin-1").strip("\r\n")) != "":
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        yield Request(method, target, headers, stream.read(int(headers.get("content-length", 0))))
