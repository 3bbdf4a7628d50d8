"""The load, from a process of its own: `python -m tests.bench.client PORT COOKIE`.

Bare sockets kept alive, one thread a client, so that the asking costs next to nothing. Reads a line of JSON,
`{"paths": [...], "clients": n, "rounds": n or null, "seconds": s or null}`, asks for the paths in turn,
request by request, and answers with each path's times in ms, the bytes of one answer, the seconds taken, and
how often each status came. Another status than 200 breaks it off, unless the line has `"any_status": true`.
"""

from __future__ import annotations

import gc
import json
import socket
import sys
import threading
import time
from collections import Counter
from typing import Any, Final

LAST_CHUNK: Final = b"\r\n0\r\n\r\n"


class Client:
    """One browser: one connection, signed in, that takes gzip. `status` is that of the last answer."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port = port
        self.status = ""
        self.buffer = bytearray(1 << 20)
        self.head = (
            f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip\r\nCookie: {cookie}\r\n\r\n"
        )
        self._connect()

    def _connect(self) -> None:
        self.sock = socket.create_connection(("127.0.0.1", self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(30)

    def get(self, path: str, *, any_status: bool = False) -> tuple[float, int]:
        """Milliseconds until the last byte, and the bytes of the body, however it is framed."""
        request = f"GET {path}{self.head}".encode()
        view = memoryview(self.buffer)
        try:
            started = time.perf_counter()
            have = self._send(request, view)
        except ConnectionError:  # it lay idle for longer than the server keeps it
            self.sock.close()
            self._connect()
            started = time.perf_counter()
            have = self._send(request, view)
        while (ends := self.buffer.find(b"\r\n\r\n", 0, have)) < 0:
            have += self._receive(view[have:])
        length = self._length(path, ends, any_status)
        while have < ends + 4 + length if length >= 0 else not self.buffer.endswith(LAST_CHUNK, ends, have):
            have += self._receive(view[have:])
        return (time.perf_counter() - started) * 1000, have - ends - 4

    def _send(self, request: bytes, into: memoryview) -> int:
        """Send it; the number of bytes that came first."""
        self.sock.sendall(request)
        return self._receive(into)

    def _receive(self, into: memoryview) -> int:
        count = self.sock.recv_into(into)
        if not count:
            raise ConnectionError("the server closed the connection")
        return count

    def _length(self, path: str, ends: int, any_status: bool) -> int:
        """The bytes that the body has, or -1 if it comes in chunks."""
        line, *lines = bytes(self.buffer[:ends]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.status = line.split(" ")[1]
        is_chunked = headers.get("transfer-encoding") == "chunked"
        if (self.status != "200" and not any_status) or not (is_chunked or "content-length" in headers):
            raise ConnectionError(f"{path} was answered {line!r}")
        return -1 if is_chunked else int(headers["content-length"])


def measure(clients: list[Client], order: dict[str, Any]) -> dict[str, Any]:
    """Carry the order out with as many clients as it names."""
    paths: list[str] = order["paths"]
    rounds = order.get("rounds") or 1_000_000
    until = time.perf_counter() + (order.get("seconds") or 1_000_000)
    chosen = clients[: order["clients"]]
    times: list[dict[str, list[float]]] = [{path: [] for path in paths} for _ in chosen]
    sizes: dict[str, int] = {}
    statuses: Counter[str] = Counter()
    any_status = bool(order.get("any_status"))
    failed: list[str] = []

    def visit(client: Client, mine: dict[str, list[float]]) -> None:
        try:
            for _ in range(rounds):
                for path in paths:
                    taken, sizes[path] = client.get(path, any_status=any_status)
                    statuses[client.status] += 1
                    mine[path].append(taken)
                if time.perf_counter() > until:
                    return
        except OSError as error:
            failed.append(str(error))

    threads = [threading.Thread(target=visit, args=pair) for pair in zip(chosen, times, strict=True)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    joined = {path: [taken for mine in times for taken in mine[path]] for path in paths}
    answer = {"times": joined, "bytes": sizes, "seconds": seconds, "failed": failed}
    return {**answer, "statuses": statuses}


def main(port: int, cookie: str) -> None:
    clients: list[Client] = []
    gc.disable()
    for line in sys.stdin:
        order = json.loads(line)
        while len(clients) < order["clients"]:
            clients.append(Client(port, cookie))
        print(json.dumps(measure(clients, order)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
