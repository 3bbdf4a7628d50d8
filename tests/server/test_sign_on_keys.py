"""Keys of the sign-on that come in drips: made-up key ids hold no thread, and probes are answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from dashboard import server as gunicorn_settings
from tests.assertions import AUDIENCE, HEADER, ISSUER, token
from tests.faults.raw_server import RawServer
from tests.faults.test_vault_deadline import dripping_body
from tests.server.conftest import PATIENCE, Server

CLIENTS = gunicorn_settings.threads + 4


def test_a_storm_of_unknown_keys_leaves_threads_for_everybody_else(tmp_path: Path) -> None:
    with RawServer([dripping_body]) as provider:
        server = Server(
            tmp_path,
            DASHBOARD_AUTH="assertion",
            DASHBOARD_AUTH_SECRET="",
            DASHBOARD_TRUSTED_PEERS="",
            DASHBOARD_AUTH_HEADER=HEADER,
            DASHBOARD_AUTH_JWKS=f"{provider.url}/jwks",
            DASHBOARD_AUTH_ISSUER=ISSUER,
            DASHBOARD_AUTH_AUDIENCE=AUDIENCE,
        )
        server.start()

        def come(number: int) -> requests.Response:
            sent = {**server.headers("nobody"), HEADER: token(header={"kid": f"made-up-{number}"})}
            return requests.get(f"http://{server.address}/", headers=sent, timeout=PATIENCE)

        try:
            with ThreadPoolExecutor(CLIENTS) as clients:
                asked = [clients.submit(come, number) for number in range(CLIENTS)]
                for _ in range(10):
                    assert server.get("/healthz", "nobody").content == b"ok\n"
                answers = [one.result() for one in asked]
        finally:
            server.stop()
    assert {answer.status_code for answer in answers} == {503}
    assert all("Nobody can be signed in just now" in answer.text for answer in answers)
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert "Traceback" not in server.said()
