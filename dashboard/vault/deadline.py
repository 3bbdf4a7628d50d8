"""Connections that keep a deadline. A timeout alone does not end a response that comes in drips.

Every wait of a call (name look-up, connect, TLS, each write, each read of headers and body) is given no more
than what is left of the call, so no thread has to watch over it. The look-up is the one exception: the
system's resolver cannot be interrupted, so a thread of its own waits for it.
"""

import http.client
import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection


class Waiter(Enum):
    """The thread that waits for a call, which decides how many of its kind may."""

    REQUEST = auto()
    """It serves a request."""
    HELPER = auto()
    """It makes a call for a request, whose own thread waits for it."""
    WORKER = auto()
    """No person waits for it."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The limits of one call, in seconds, the number of attempts, and who waits for it.

    `total` covers the whole call: waiting for a free slot, every attempt and the pauses between them.
    `connect` covers look-up, connect and TLS together; `read` the silence between bytes. `max_pause` is the
    longest pause taken because the service asked for one (`Retry-After`); with 0, Busy is raised instead.
    With `asks_in_silence` the call is made although the service asked to be left alone until later.
    """

    total: float
    attempts: int = 1
    max_pause: float = 0.0
    connect: float = 2.0
    read: float = 5.0
    waiter: Waiter = Waiter.REQUEST
    asks_in_silence: bool = False


PAGE_TIMEOUTS: Final = Timeouts(total=8.0, attempts=2)
HELPER_TIMEOUTS: Final = replace(PAGE_TIMEOUTS, waiter=Waiter.HELPER)
# What became of a removal is worth a call that the service may refuse.
CHECK_TIMEOUTS: Final = replace(PAGE_TIMEOUTS, asks_in_silence=True)
# A worker waits before its calls (RateLimit.reserve_call), and within them.
WORKER_TIMEOUTS: Final = Timeouts(
    total=20.0, attempts=4, max_pause=120.0, waiter=Waiter.WORKER, asks_in_silence=True
)
# A removal is silent while the service works on it, so its read timeout is the total.
PAGE_DELETE_TIMEOUTS: Final = Timeouts(total=20.0, attempts=2, read=20.0)
# A worker that is asked to wait does so between two removals, where it notices a Stop.
WORKER_DELETE_TIMEOUTS: Final = Timeouts(
    total=30.0, attempts=2, read=30.0, waiter=Waiter.WORKER, asks_in_silence=True
)
PURGE_TIMEOUTS: Final = Timeouts(total=60.0, read=60.0)


class Deadline:
    """The time left of one call, and whether the current attempt has put a byte on the wire.

    Where `allows` is given, a connection is made only to addresses that it admits; where `max_bytes` is, no
    more than so many are read of all answers together.
    """

    __slots__ = ("_until", "allows", "has_written", "left_bytes", "timeouts")

    def __init__(
        self,
        timeouts: Timeouts,
        allows: Callable[[str], bool] | None = None,
        max_bytes: float = float("inf"),
    ) -> None:
        self.timeouts = timeouts
        self.allows = allows
        self.left_bytes = max_bytes
        self.has_written = False
        self._until = time.monotonic() + timeouts.total

    def remaining(self) -> float:
        """Return the seconds until the deadline; negative once it has passed."""
        return self._until - time.monotonic()

    def limit(self, at_most: float) -> float:
        """Return `at_most` or the seconds that remain, whichever is less. Raises TimeoutError if none do."""
        left = self.remaining()
        if left <= 0:
            raise TimeoutError("past the deadline of the call")
        return min(left, at_most)


current_deadline: ContextVar[Deadline] = ContextVar("current_deadline")
"""The deadline of this thread's call."""


class _Reader(io.RawIOBase):
    """Reads a socket; each wait ends with the read timeout or the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.limit(self._deadline.timeouts.read))
        count = self._raw.readinto(buffer)
        self._deadline.left_bytes -= count or 0
        if self._deadline.left_bytes < 0:
            raise ValueError("the answer is too large")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """Takes the place of the socket that `http.client` reads a response from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> BinaryIO:
        return io.BufferedReader(_Reader(self._sock, current_deadline.get()), 65_536)


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
        super().__init__(_Source(sock), *args, **named)  # type: ignore[arg-type]


class _Connection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        deadline = current_deadline.get()
        ends = time.monotonic() + deadline.limit(deadline.timeouts.connect)
        host = self._dns_host.strip("[]")
        try:
            addresses = _look_up(host, self.port, ends - time.monotonic())
        except TimeoutError:
            raise ConnectTimeoutError(self, "the name was not looked up in time") from None
        except (OSError, UnicodeError) as failed:
            raise NameResolutionError(self.host, self, socket.gaierror(str(failed))) from failed
        if deadline.allows:
            addresses = [one for one in addresses if deadline.allows(one)]
            if not addresses:
                raise NewConnectionError(self, "its address is within our own network")
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
        """Send, and note it: from here on the service may have acted, so nothing is provably unsent."""
        if self.sock is None:
            self.connect()
        deadline = current_deadline.get()
        self.sock.settimeout(deadline.limit(deadline.timeouts.read))
        deadline.has_written = True
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS: Final[dict[str, type[HTTPConnectionPool]]] = {"http": _Pool, "https": _SecurePool}


def make_pool(url: str, **tls: Any) -> HTTPConnectionPool:
    """Return a pool of connections to the address's host that keep the `current_deadline`."""
    parts = urlsplit(url)
    return POOLS[parts.scheme](parts.hostname or "", parts.port, **tls)


class DeadlineAdapter(HTTPAdapter):
    """Sends to one base address over kept-alive connections, within the `current_deadline`.

    Certificates are loaded once, here: `verify` is True for the usual authorities or the path of a PEM file
    with others. No retries (urllib3's would repeat a DELETE and obey `Retry-After` for six hours), no
    proxies, no environment.
    """

    def __init__(self, base: str, *, verify: bool | str, pool_size: int) -> None:
        self._ssl: dict[str, Any] = {}
        if base.startswith("https:"):
            cafile = DEFAULT_CA_BUNDLE_PATH if verify is True else str(verify)
            self._ssl = {"ssl_context": ssl.create_default_context(cafile=cafile)}
        super().__init__(pool_connections=1, pool_maxsize=pool_size, max_retries=0)
        self._pool: HTTPConnectionPool = self.poolmanager.connection_from_url(base)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **named: Any) -> None:
        """Make the pools of connections that keep the deadline."""
        super().init_poolmanager(connections, maxsize, block, **self._ssl, **named)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def get_connection_with_tls_context(self, *_: object, **__: object) -> HTTPConnectionPool:
        """Return the one pool there is."""
        return self._pool

    def cert_verify(self, conn: object, url: object, verify: object, cert: object) -> None:
        """Do nothing: the pool was made with its certificates."""


def _look_up(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of `host`. Raises TimeoutError, or OSError or UnicodeError for no name."""
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
