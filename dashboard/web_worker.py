"""gunicorn's worker, whose threads are given whole requests: its main thread waits until one has arrived.

gunicorn's own threads read what they parse, so that whoever sends half a head or half a body holds one of
them for as long as the connection stands. Here no thread reads from a socket at all.
"""

import logging
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from gunicorn import http, util
from gunicorn.http import wsgi
from gunicorn.workers.gthread import TConn, ThreadWorker

from .arrivals import PIECE_BYTES, Arrival
from .web_response import Response

logger = logging.getLogger(__name__)

MAX_HEAD_BYTES: Final = 128 * 1024
MAX_ARRIVING_BYTES: Final = 64 * 1024 * 1024
"""Bytes of requests that one process holds together: on their way, in line for a thread, and with one."""
MIN_BODY_RATE: Final = 16 * 1024
"""Bytes of a body that earn it another second, beyond those that a head has."""
CLOSING_SECONDS: Final = 2.0
STOPPING_SECONDS: Final = 5.0
"""What is still arriving when the process is to stop has so long to arrive."""


wsgi.Response = Response  # the worker's base class has no other place to say so


class BufferingWorker(ThreadWorker):  # type: ignore[misc]
    """Hands a connection to a thread when a whole request has arrived, and never reads from it there."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.arrivals: dict[Arrival, None] = {}
        """In the order in which they began."""
        self.read_seconds, self.max_body_bytes = 0.0, 0
        self.under_way: set[Any] = set()
        """Connections whose request a thread has."""
        self.last_requests: set[Any] | None = None
        """Those of them for whose sake the process does not stop yet, once it is to stop."""

    def init_process(self) -> None:
        """Read the settings, which on_starting has checked, and begin."""
        from . import settings

        self.read_seconds = settings.DASHBOARD_READ_SECONDS
        self.max_body_bytes = settings.MAX_REQUEST_BYTES
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection; when there is room for no more, one that nobody waits for gives way."""
        with suppress(BlockingIOError, ConnectionAbortedError):
            sock, address = listener.accept()
            self.nr_conns += 1
            self._await_request(TConn(self.cfg, sock, address, listener.getsockname()), b"")
            if self.nr_conns >= self.worker_connections:
                self._make_way()

    def _make_way(self) -> None:
        """Close who has been idle longest; if nobody is, drop the oldest half-sent request but the newest."""
        if self.keepalived_conns:
            idle = self.keepalived_conns.popleft()
            self.poller.unregister(idle.sock)
            self._forget(idle)
        elif len(self.arrivals) > 1:
            self._drop(next(iter(self.arrivals)))

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take connections, or none. Probes are answered while a last request is under way all the same.

        gunicorn calls it once when the process is to stop: everything else learns of that here.
        """
        if not self.alive and self.last_requests is None:
            from .jobs import lifecycle

            lifecycle.stopping.set()
            self.last_requests = set(self.under_way)
        if enabled or not self.last_requests:
            super().set_accept_enabled(enabled)

    def enqueue_req(self, conn: Any) -> None:
        """Give a whole request to a thread."""
        self.under_way.add(conn)
        super().enqueue_req(conn)

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """Receive the next request of a connection that was kept."""
        if conn not in self.keepalived_conns:  # it gave way since it was found readable
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn, b"")

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Answer; where the next request would begin has to be certain, or the connection is closed."""
        req._expected_100_continue = False  # said while it arrived
        if not conn.is_certain:
            req.force_close()
        return bool(super().handle_request(req, conn))

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep the connection for its next request, or have it closed without waiting for the client."""
        self.under_way.discard(conn)
        if self.last_requests is not None:
            self.last_requests.discard(conn)
            self.set_accept_enabled(False)
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            # Who has sent a whole request sends no more; what others still send would cut the answer off.
            self._forget(conn) if conn.is_certain else self._close(conn)
            return
        unreader = conn.parser.unreader
        if rest := unreader.take_buffered() + b"".join(unreader.iter or ()):
            self._await_request(conn, rest)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Drop what has not arrived in time; gunicorn calls this once a second or more often."""
        now = time.monotonic()
        for late in [one for one in self.arrivals if one.until <= now]:
            if late.content:
                self._refuse(late, 408, "Request Timeout")
            else:
                self._drop(late)

    def _cap_keepalive(self, deadline: float) -> None:
        """Let idle connections go when the process is to stop, and give what is arriving a little longer."""
        super()._cap_keepalive(deadline)
        for one in self.arrivals:
            one.until = min(one.until, deadline + STOPPING_SECONDS if one.content else deadline)

    def _await_request(self, conn: Any, received: bytes) -> None:
        conn.sock.setblocking(False)
        seconds = self.read_seconds if self.alive else min(self.read_seconds, STOPPING_SECONDS)
        arrival = Arrival(conn, time.monotonic() + seconds, max_kept=self.max_body_bytes)
        if received:
            self._take(arrival, received)
        else:
            self._receive(arrival)

    def _watch(self, arrival: Arrival) -> None:
        if arrival not in self.arrivals:
            self.arrivals[arrival] = None
            self.poller.register(
                arrival.connection.sock, selectors.EVENT_READ, lambda _: self._receive_more(arrival)
            )

    def _receive_more(self, arrival: Arrival) -> None:
        if arrival in self.arrivals:  # it may have been dropped since it was found readable
            self._receive(arrival)

    def _receive(self, arrival: Arrival) -> None:
        try:
            piece = arrival.connection.sock.recv(arrival.room())
        except BlockingIOError:
            self._watch(arrival)
            return
        except OSError:
            piece = b""
        if not piece:
            self._drop(arrival)
        elif not arrival.is_closing:
            self._take(arrival, piece)

    def _take(self, arrival: Arrival, piece: bytes) -> None:
        """Hand the request over if it is whole; else see whether it may go on arriving."""
        if arrival.length is not None:
            arrival.until += len(piece) / MIN_BODY_RATE
        is_head = arrival.take(piece)
        if arrival.is_ready():
            self._hand_over(arrival)
            return
        if is_head and arrival.is_awaiting_word:
            with suppress(OSError):
                arrival.connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if arrival.length is None and len(arrival.content) > MAX_HEAD_BYTES:
            self._refuse(arrival, 431, "Request Header Fields Too Large")
            return
        self._watch(arrival)
        while self._count_bytes() > MAX_ARRIVING_BYTES:
            largest = max(self.arrivals, key=lambda one: len(one.content))
            if len(largest.content) <= PIECE_BYTES:  # a page's form: it is not these that fill the memory
                return
            self._refuse(largest, 503, "Service Unavailable")

    def _count_bytes(self) -> int:
        with_threads: int = sum(one.size for one in self.under_way)
        return with_threads + sum(len(one.content) for one in self.arrivals)

    def _hand_over(self, arrival: Arrival) -> None:
        self._leave(arrival)
        conn = arrival.connection
        conn.size = len(arrival.content)
        conn.initialized = True
        conn.is_certain = arrival.is_exact and arrival.length is not None and not arrival.missing()
        conn.parser = http.get_parser(self.cfg, _split(bytes(arrival.content)), conn.client)
        self.enqueue_req(conn)

    def _refuse(self, arrival: Arrival, status: int, reason: str) -> None:
        self._leave(arrival)
        with suppress(OSError):
            util.write_error(arrival.connection.sock, status, reason, "")
        self._close(arrival.connection)

    def _close(self, conn: Any) -> None:
        """End our half of the connection, and wait for the client's half beside everything else."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._forget(conn)
            return
        conn.sock.setblocking(False)
        self._watch(Arrival(conn, time.monotonic() + CLOSING_SECONDS, is_closing=True))

    def _drop(self, arrival: Arrival) -> None:
        self._leave(arrival)
        self._forget(arrival.connection)

    def _leave(self, arrival: Arrival) -> None:
        if arrival in self.arrivals:
            del self.arrivals[arrival]
            self.poller.unregister(arrival.connection.sock)

    def _forget(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()


def _split(content: bytes) -> Iterator[bytes]:
    """Return the content in pieces: gunicorn copies the rest of a piece with every read."""
    return (content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES))
