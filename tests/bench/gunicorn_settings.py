"""gunicorn's settings for what the dashboard is measured against: worker, threads and switches are those of
`dashboard/server.py`. Standard library only, for environments that have nothing of ours."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from typing import Any

worker_class = "gthread"
workers = 1
threads = 16
timeout = 90
keepalive = 75
accesslog = None
loglevel = "warning"
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Give the interpreter the same switches as the dashboard's."""
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.05)
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(-8, 1)
