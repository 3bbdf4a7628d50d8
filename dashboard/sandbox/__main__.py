"""`python -m dashboard.sandbox`: the demo's three connections, on 127.0.0.1 only."""

import argparse
import signal
import sys
from threading import Event

from .demo import DEMO_CONNECTIONS, DEMO_KEY
from .sandbox import Sandbox


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted or terminated: 0. A port that cannot be had: one sentence, 1."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--key", default=DEMO_KEY, help="the API key to accept (default: %(default)s)")
    parser.add_argument("--latency-ms", type=float, default=0, help="delay of every API call")
    parser.add_argument(
        "--rate-limit",
        type=int,
        nargs=2,
        metavar=("PER_MINUTE", "BURST"),
        help="calls that a connection may get, as in 60 90 (default: any number)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="only 127.0.0.1 is accepted")
    options = parser.parse_args(arguments)
    if options.host != "127.0.0.1":
        print("The sandbox only listens on 127.0.0.1: it has no protection of its own.", file=sys.stderr)
        return 1
    limit: list[int] = options.rate_limit or []
    if limit and min(limit) < 1:
        parser.error("--rate-limit takes two numbers above 0, as in 60 90")
    try:
        sandbox = Sandbox(
            key=options.key,
            port=options.port,
            latency_ms=options.latency_ms,
            rate_limit=(limit[0], limit[1]) if limit else None,
        )
    except (OSError, OverflowError) as refused:
        reason = getattr(refused, "strerror", None) or refused
        print(f"The sandbox cannot listen on port {options.port}: {reason}.", file=sys.stderr)
        return 1
    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with sandbox:
        print(f"Vault+ sandbox on {sandbox.url}", flush=True)
        for demo in DEMO_CONNECTIONS:
            print(f"  {demo.label:<10} {demo.id}  {demo.count:>9,} items", flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
