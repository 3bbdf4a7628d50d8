"""A wire between the program and the service, which can keep removals from going further."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.crash.databases import PATIENCE


class Relay:
    """Passes bytes on in both directions while the block lasts."""

    def __init__(self, service: str) -> None:
        address = urlsplit(service)
        self._service = (address.hostname, address.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._changed = threading.Condition()
        self._holds = False
        self._arrived = 0
        self._lost = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """From here on nobody is let in."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Keep every removal on the wire; those that were not let go by the end never arrive."""
        with self._changed:
            self._holds, self._arrived, self._lost = True, 0, False
        try:
            yield
        finally:
            with self._changed:
                self._lost = self._holds
                self._let_go()

    def let_go(self) -> None:
        with self._changed:
            self._let_go()

    def wait_for(self, count: int) -> None:
        """Return when so many removals are held."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._arrived == count, PATIENCE), self._arrived

    def _let_go(self) -> None:
        self._holds = False
        self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        with near, socket.create_connection(self._service) as far:
            back = threading.Thread(target=self._pass, args=(far, near), daemon=True)
            back.start()
            self._pass(near, far)
            back.join()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                if piece.startswith(b"DELETE ") and not self._may_pass():
                    break
                sink.sendall(piece)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _may_pass(self) -> bool:
        with self._changed:
            if not self._holds:
                return True
            self._arrived += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._holds)
            return not self._lost
