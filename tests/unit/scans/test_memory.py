"""A scan holds the same memory however much a connection has; `tests/bench` does it with a million items."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from dashboard.sandbox import Sandbox
from tests.environment import API_KEY

FEW, MANY = 5_000, 100_000


def test_memory_is_flat() -> None:
    connections = {"conn_canary_few_0000000000aaaa": FEW, "conn_canary_many_000000000bbbb": MANY}
    asked = "".join(json.dumps({"connection": one}) + "\n" for one in connections)
    with Sandbox(connections=connections, key=API_KEY, settle=False) as sandbox:
        scanned = subprocess.run(
            [sys.executable, "-m", "tests.bench.scanner"],
            cwd=Path(__file__).resolve().parents[3],
            env={**os.environ, "VAULTPLUS_API_URL": sandbox.url},
            input=asked,
            capture_output=True,
            text=True,
            check=True,
        )
    few, many = (json.loads(line) for line in scanned.stdout.splitlines())
    assert (few["state"], few["items"]) == ("done", FEW)
    assert (many["state"], many["items"]) == ("done", MANY)
    assert many["peak_kb"] < few["peak_kb"] * 1.15 + 4096  # the database of what came has a cache of 4 MB
