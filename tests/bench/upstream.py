"""The sandbox as a process of its own: `python -m tests.bench.upstream PORT`.

Reads a line of JSON with the latency wanted from now on, or with `"hang": true` for calls without an answer,
and answers one with what arrived since the last.
"""

from __future__ import annotations

import json
import sys
from typing import Final

from dashboard.sandbox import Sandbox

MILLION: Final = "conn_bench_million_0026"
HUNDRED: Final = "conn_bench_hundred_0175"
"""Chosen because their first 100 items are alike: 300 variants, as many pictures, films and sounds."""
THOUSANDS: Final = "conn_bench_thousands_0001"
COUNTS: Final = {MILLION: 1_000_000, HUNDRED: 100, "conn_bench_empty": 0, THOUSANDS: 10_000}


def main(port: int) -> None:
    opened = 0
    with Sandbox(connections=COUNTS, port=port, settle=False) as sandbox:
        print(sandbox.url, flush=True)
        for line in sys.stdin:
            since = {"calls": len(sandbox.calls), "connections": sandbox.connections_opened - opened}
            sandbox.calls.clear()
            opened = sandbox.connections_opened
            sandbox.faults.clear()
            order = json.loads(line)
            if order.get("hang") or order["latency_ms"]:
                sandbox.faults.add(latency_ms=order["latency_ms"], hang=order.get("hang", False), times=None)
            print(json.dumps(since), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
