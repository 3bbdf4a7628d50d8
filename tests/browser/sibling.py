"""A second web server over the demo's sandbox and database, under settings that the demo does not have."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Final, Self
from urllib.error import URLError

from tests.assertions import AUDIENCE, GROUPS, HEADER, ISSUER, jwks, token
from tests.browser.program import ROOT, Program, free_ports

RUN: Final = """
import json, os, runpy, sys
from dashboard import demo
demo.set_environment(sys.argv[2:])
os.environ.update(json.loads(sys.argv[1]))
sys.argv[1:] = ["-c", "python:dashboard.server", "--log-level", "error"]
runpy.run_module("gunicorn", run_name="__main__")
"""
MFA_IS_ASKED_FOR: Final = "a second factor"
NO_WRITES: Final = "no writes"


class Sibling:
    """gunicorn with one worker, as the demo starts it; its kind says what is different."""

    def __init__(self, program: Program, folder: Path, kind: str) -> None:
        [port] = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.headers = {}
        settings = {"DATABASE_URL": f"sqlite:///file:{program.database}%3Fmode=ro"}
        if kind == MFA_IS_ASKED_FOR:
            settings = make_sign_on_settings(folder)
            proto = {"X-Forwarded-Proto": "https"}  # as from a proxy; production answers nothing else
            self.headers = {
                **proto,
                HEADER: token(name="Omar Haddad", groups=[GROUPS["operator"]], amr=["pwd"]),
            }
        ports = ["--port", str(port), "--sandbox-port", program.sandbox.url.rpartition(":")[2]]
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN, json.dumps(settings), *ports],
            cwd=ROOT,
            env=program.environment,
            stdout=subprocess.DEVNULL,
        )

    def wait(self) -> Self:
        """Return when it answers."""
        until = time.monotonic() + 60
        while True:
            assert self._process.poll() is None, "it ended by itself"
            assert time.monotonic() < until, "it does not answer"
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=20).close()  # noqa: S310 - loopback
                return self
            except URLError:
                time.sleep(0.1)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        finally:
            self._process.kill()


def make_sign_on_settings(folder: Path) -> dict[str, str]:
    """Return the settings of a sign-on whose assertions have to name a second factor."""
    keys = folder / "jwks.json"
    keys.write_text(json.dumps(jwks("first")))
    return {
        "DASHBOARD_AUTH": "assertion",
        "DASHBOARD_AUTH_HEADER": HEADER,
        "DASHBOARD_AUTH_ISSUER": ISSUER,
        "DASHBOARD_AUTH_AUDIENCE": AUDIENCE,
        "DASHBOARD_AUTH_ALGORITHMS": "ES256",
        "DASHBOARD_AUTH_JWKS": str(keys),
        "DASHBOARD_AUTH_AMR": "mfa",
        "DASHBOARD_OPERATOR_GROUPS": GROUPS["operator"],
        "DASHBOARD_SIGN_OUT_URL": "https://sso.example.com/logout",
        "DASHBOARD_PLAIN_HTTP": "0",
    }
