"""A deadline for clients that do not read: otherwise each of them would hold a thread for ever.

The kernel calls a socket writable only once a third of its buffer is free, so what it takes is tried out.
"""

import errno
import logging
import select
import socket
import struct
import time
from functools import partial
from typing import Any, Final

logger = logging.getLogger(__name__)

RETRY_INTERVAL_SECONDS: Final = 0.5
_RESET: Final = struct.pack("ii", 1, 0)  # what nobody reads is not kept for them, either
MAX_CLOSING_SECONDS: Final = 0.1
"""How long a thread waits for a client to close after an answer that broke off."""


def drop_slow_readers(util: Any, seconds: float) -> None:
    """Make gunicorn, of which `util` is a module, write by `send_all` and wait for no client to close."""
    util.close_graceful = partial(util.close_graceful, timeout=MAX_CLOSING_SECONDS)

    def write(sock: socket.socket, content: bytes, chunked: bool = False) -> None:
        send_all(sock, b"%X\r\n%b\r\n" % (len(content), content) if chunked else content, seconds)

    util.write, util.write_chunk = write, partial(write, chunked=True)


def send_all(sock: socket.socket, content: bytes, seconds: float) -> None:
    """Send everything, or drop a reader that takes nothing for `seconds`: then raise ConnectionResetError."""
    if sock.gettimeout() is not None:  # whoever sets a limit of their own waits by that
        sock.sendall(content)
        return
    rest, moved_at = memoryview(content), time.monotonic()
    room = select.poll()
    room.register(sock, select.POLLOUT)
    while rest:
        try:
            sent = sock.send(rest, socket.MSG_DONTWAIT)
        except BlockingIOError:
            waited = time.monotonic() - moved_at
            if waited >= seconds:
                _drop(sock, seconds)
            room.poll(1000 * min(RETRY_INTERVAL_SECONDS, seconds - waited) + 1)
        else:
            rest, moved_at = rest[sent:], time.monotonic()


def _drop(sock: socket.socket, seconds: float) -> None:
    logger.warning("a reader that took nothing for %g s was cut off", seconds)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    sock.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError(errno.ECONNRESET, "the reader takes nothing")
