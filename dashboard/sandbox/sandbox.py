"""The sandbox as an object: start it, look at what reached it, make it misbehave, stop it."""

import hashlib
import time
from collections.abc import Callable, Mapping
from threading import Thread
from types import TracebackType
from typing import Self

from .api import VaultApi
from .demo import ACCOUNT_CONNECTIONS, DEMO_KEY
from .faults import Faults
from .limit import TokenBuckets
from .media import MediaHost
from .oddities import make_oddities
from .server import SandboxServer
from .service import Call, Service
from .shelf import Shelf


class Sandbox:
    """A Vault+ stand-in on 127.0.0.1, running in threads of this process while the block lasts.

    `connections` maps connection ids, as the account lists them, to how many items they hold.
    `now` (Unix seconds) is its clock; the moment of creation is "the start" for ages and for what
    settles; `settle=False` keeps items that wait at the start waiting for ever. `oddities` adds
    legal but strange items to the first connection. `rate_limit` is how many calls a
    connection may get a minute and at once: (60, 90); answers then carry X-RateLimit-… headers, and are
    429 when that is exceeded. Port 0 takes a free one. The same seed gives the same media.
    """

    def __init__(
        self,
        connections: Mapping[str, int] | None = None,
        *,
        key: str = DEMO_KEY,
        port: int = 0,
        seed: int = 7,
        latency_ms: float = 0,
        settle: bool = True,
        oddities: bool = False,
        rate_limit: tuple[int, int] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        counts = {one.id: one.count for one in ACCOUNT_CONNECTIONS} if connections is None else connections
        started, secret = now(), hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=32).digest()
        self.key, self._now = key, now
        self._limit = None if rate_limit is None else TokenBuckets(*rate_limit, now)
        self.shelves = {
            connection: Shelf(
                connection,
                number,
                count,
                seed=seed,
                started=started,
                settle=settle,
                odd=make_oddities(started) if oddities and number == 0 else (),
            )
            for number, (connection, count) in enumerate(counts.items())
        }
        self.media = MediaHost(list(self.shelves.values()), secret, now)
        self._service = Service(
            VaultApi(self.shelves, key, secret, now, self._limit),
            self.media,
            self.reset,
        )
        self._server = SandboxServer(port, self._service, latency_ms)
        self.url = self._service.host = f"http://127.0.0.1:{self._server.server_port}"
        self._thread: Thread | None = None

    @property
    def calls(self) -> list[Call]:
        """The API calls so far, in order of arrival."""
        return self._service.calls

    @property
    def media_calls(self) -> list[Call]:
        """The calls to media links so far."""
        return self._service.media_calls

    @property
    def connections_opened(self) -> int:
        """The number of TCP connections accepted so far."""
        return self._server.connections_opened

    @property
    def faults(self) -> Faults:
        """The faults to come: `sandbox.faults.add(status=503)`."""
        return self._service.faults

    def reset(self) -> None:
        """Forget removals, stored variants, accesses, calls, faults and how much of a limit is used.

        Items that were being stored at the start are so again.
        """
        for shelf in self.shelves.values():
            shelf.reset(self._now())
        if self._limit is not None:
            self._limit.reset()
        self.faults.clear()
        self.calls.clear()
        self.media_calls.clear()
        self.media.stored_outlives_link = True

    def start(self) -> Self:
        """Serve in a thread of this process."""
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop and close every connection."""
        if self._thread is None:
            self._server.server_close()
            return
        self._server.stop()
        self._thread.join(timeout=5)
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
