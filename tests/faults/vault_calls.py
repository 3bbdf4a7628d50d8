"""The operations as calls, and the secrets no output may hold."""

from collections.abc import Callable
from typing import Any

from dashboard.vault import MediaQuery, VaultClient
from tests.faults.raw_server import RawServer

KEY = "key_canary_5f1c9a"
CONNECTION = "conn_canary_77d2"

Call = Callable[..., Any]
Serve = Callable[..., tuple[RawServer, VaultClient]]
"""Starts a raw server with the given replies, and a client of it."""

CALLS: dict[str, Call] = {
    "query": lambda client, *patience: client.query(CONNECTION, MediaQuery(), *patience),
    "get": lambda client, *patience: client.get(CONNECTION, "123", *patience),
    "batch": lambda client, *patience: client.get_batch(CONNECTION, ["123"], *patience),
    "delete": lambda client, *patience: client.delete(CONNECTION, "123", *patience),
    "purge": lambda client, *patience: client.purge(CONNECTION, *patience),
    "connections": lambda client, *patience: client.account_connections(*patience),
}
"""Each operation as a call with a client and, where the usual one will not do, a Patience."""
