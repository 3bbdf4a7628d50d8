"""Connections that keep a deadline: a timeout alone is outlasted by a server that drips.

Every wait of a call (name look-up, connect, TLS, each write, each read of headers and body) is given no more
than what is left of the call, so no thread has to watch over it. The look-up is the one exception: the
system's resolver cannot be interrupted, so a thread of its own waits for it.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take and how often it may be tried. All times are seconds.

    `deadline` holds for the whole call: waiting for a free place, every attempt and the pauses between.
    `connect` bounds look-up, connect and TLS together; `gap` the silence between bytes. `longest_wait` is
    the longest pause taken because the service asked for one (`Retry-After`); 0 means never to pause for
    it but to say so.
    """

    deadline: float
    attempts: int = 1
    longest_wait: float = 0.0
    connect: float = 2.0
    gap: float = 5.0


PAGE: Final = Patience(deadline=8.0, attempts=2)
WORKER: Final = Patience(deadline=20.0, attempts=4, longest_wait=120.0)
# A removal is silent while the service works on it, so its gap is its deadline.
PAGE_DELETE: Final = Patience(deadline=20.0, attempts=2, gap=20.0)
# A worker asked to wait does so between two removals, where a Stop is heard, and not within one.
WORKER_DELETE: Final = Patience(deadline=30.0, attempts=2, gap=30.0)
PURGE: Final = Patience(deadline=60.0, gap=60.0)


class Clock:
    """What is left of one call, and whether the present attempt has put a byte on the wire."""

    __slots__ = ("_until", "patience", "written")

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self.written = False
        self._until = time.monotonic() + patience.deadline

    def left(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self._until - time.monotonic()

    def wait(self, at_most: float) -> float:
        """How long to wait now: `at_most` or what is left. Raises TimeoutError past the deadline."""
        left = self.left()
        if left <= 0:
            raise TimeoutError("past the deadline of the call")
        return min(left, at_most)


running: ContextVar[Clock] = ContextVar("running")
"""The clock of the call that this thread is making."""


class _Reader(io.RawIOBase):
    """The bytes of a socket, each wait for them no longer than the gap or what is left of the call."""

    def __init__(self, sock: socket.socket, clock: Clock) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._sock.settimeout(self._clock.wait(self._clock.patience.gap))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """Stands where `http.client` expects the socket it reads an answer from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> BinaryIO:
        return io.BufferedReader(_Reader(self._sock, running.get()), 65_536)


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
        super().__init__(_Source(sock), *args, **named)  # type: ignore[arg-type]


class _Connection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        clock = running.get()
        ends = time.monotonic() + clock.wait(clock.patience.connect)
        host = self._dns_host.strip("[]")
        try:
            addresses = _look_up(host, self.port, ends - time.monotonic())
        except TimeoutError:
            raise ConnectTimeoutError(self, "the name was not looked up in time") from None
        except (OSError, UnicodeError) as failed:
            raise NameResolutionError(self.host, self, socket.gaierror(str(failed))) from failed
        failure: OSError | None = None
        for tried, address in enumerate(addresses):
            share = (ends - time.monotonic()) / (len(addresses) - tried)
            if share <= 0:
                break
            try:
                sock = create_connection((address, self.port), share, socket_options=self.socket_options)
            except OSError as failed:
                failure = failed
            else:
                sock.settimeout(max(ends - time.monotonic(), 0.001))  # what TLS may take
                return sock
        if failure is None or isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time")
        raise NewConnectionError(self, f"no connection: {failure}")

    def send(self, data: Any) -> None:
        """From here on the service may have been asked: nothing later is provably unsent."""
        if self.sock is None:
            self.connect()
        clock = running.get()
        self.sock.settimeout(clock.wait(clock.patience.gap))
        clock.written = True
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlineAdapter(HTTPAdapter):
    """Sends to one base address over kept-alive connections, within the `running` clock.

    Certificates are settled here once, so a call looks nothing up; `verify` is True for the usual
    authorities or the path of a PEM file with others. No retries (urllib3's would repeat a DELETE and obey
    `Retry-After` for six hours), no proxies, no environment.
    """

    def __init__(self, base: str, *, verify: bool | str, pool_size: int) -> None:
        self._ssl: dict[str, Any] = {}
        if base.startswith("https:"):
            cafile = DEFAULT_CA_BUNDLE_PATH if verify is True else str(verify)
            self._ssl = {"ssl_context": ssl.create_default_context(cafile=cafile)}
        super().__init__(pool_connections=1, pool_maxsize=pool_size, max_retries=0)
        self._pool: HTTPConnectionPool = self.poolmanager.connection_from_url(base)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **named: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **self._ssl, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: object,
        proxies: Mapping[str, str] | None = None,
        cert: object = None,
    ) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, conn: object, url: object, verify: object, cert: object) -> None:
        """Nothing: the pool was made with its certificates."""


def _look_up(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of `host`. Raises TimeoutError after `seconds`, OSError or UnicodeError for no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return [host]
    box: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            box.put([str(entry[4][0]) for entry in found])
        except Exception as failed:  # handed to the thread that waits
            box.put(failed)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        answer = box.get(timeout=max(seconds, 0))
    except queue.Empty:
        raise TimeoutError("no answer from the resolver") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
