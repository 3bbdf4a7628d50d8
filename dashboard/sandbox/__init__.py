"""An embedded stand-in for the vendor's Vault+ service, for tests, benchmarks and the demo.

    with Sandbox(connections={"conn_a": 120}) as sandbox:
        sandbox.faults.add(method="DELETE", status=503, headers={"Retry-After": "2"})
        ...                        # call sandbox.url with the header apiKey: demo-key
        assert sandbox.calls[0].operation == "delete"

From a shell: `python -m dashboard.sandbox --port 8001`. Other processes control it by
`POST /_sandbox/faults`, `GET /_sandbox/calls` and `POST /_sandbox/reset`.
"""

from .demo import ACCOUNT_CONNECTIONS, DEMO_CONNECTIONS, DEMO_KEY, DemoConnection
from .faults import Fault, Faults
from .sandbox import Sandbox
from .service import Call

__all__ = [
    "ACCOUNT_CONNECTIONS",
    "DEMO_CONNECTIONS",
    "DEMO_KEY",
    "Call",
    "DemoConnection",
    "Fault",
    "Faults",
    "Sandbox",
]
