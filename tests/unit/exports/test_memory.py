"""An export in the same memory however long it is; a million items are the bench's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from dashboard.sandbox import Sandbox
from tests.make import BIG_ID

ROOT = Path(__file__).resolve().parents[3]


def test_a_long_one_takes_what_a_short_one_does(running_sandbox: Sandbox) -> None:
    command = [sys.executable, "-m", "tests.bench.taker", BIG_ID, "csv", "10000", "40000"]
    environment = {**os.environ, "VAULTPLUS_API_URL": running_sandbox.url}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    few, long = (json.loads(line)["peak_kb"] for line in ran.stdout.splitlines())
    assert long <= 1.3 * few
