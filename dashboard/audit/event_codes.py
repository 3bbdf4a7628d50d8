"""Every code an event may have, and the verb and outcome that lists are filtered by."""

from typing import Final

from dashboard.models import RemovalState

_UNSENT: Final = (RemovalState.PLANNED, RemovalState.CLAIMED, RemovalState.CANCELLED)
REMOVAL_OUTCOMES: Final[dict[str, str]] = {
    "put_off": "Put off",
    **{state.value: state.label for state in RemovalState if state not in _UNSENT},
    "closed": "Closed by hand",
}

VERBS: Final = {
    "delete": "Delete",
    "purge": "Purge",
    "bulk": "Bulk removal",
    "export": "Export",
    "reveal": "Reveal",
    "connection": "Connection",
    "access": "Access",
    "audit": "Audit",
}
"""Kinds of acts, with their words on the screen."""

BULK_OUTCOMES: Final = {
    "planned": "Started",
    "paused": "Paused",
    "resumed": "Resumed",
    "stopped": "Stopped",
    "finished": "Finished",
}
"""Steps of a bulk removal beside its items. `planned` begins it and stands for it in the list."""

OUTCOMES: Final = {
    **REMOVAL_OUTCOMES,
    **BULK_OUTCOMES,
    "done": "Done",
    "denied": "Not permitted",
    "broken": "Broken",
}

DELETE: Final = "media.delete"
PURGE: Final = "connection.purge"
BULK: Final = "media.bulk"
BULK_BEGINS: Final = f"{BULK}.planned"

CODES: Final[dict[str, tuple[str, str]]] = {
    **{f"{DELETE}.{outcome}": ("delete", outcome) for outcome in REMOVAL_OUTCOMES},
    **{f"{PURGE}.{outcome}": ("purge", outcome) for outcome in REMOVAL_OUTCOMES},
    **{f"{BULK}.{outcome}": ("bulk", outcome) for outcome in BULK_OUTCOMES},
    "media.export.planned": ("export", "planned"),
    "media.exported": ("export", "done"),
    "media.revealed": ("reveal", "done"),
    "audit.exported": ("audit", "done"),
    "audit.checkpoint": ("audit", "done"),
    "audit.verified": ("audit", "done"),
    "audit.broken": ("audit", "broken"),
    "access.refused": ("access", "denied"),
    "access.denied": ("access", "denied"),
    "access.no_role": ("access", "denied"),
    "access.forged": ("access", "denied"),
    "access.violation": ("access", "denied"),
    "access.renamed": ("access", "done"),
    "access.media_mode": ("access", "done"),
    "access.limited": ("access", "denied"),
    "access.limit_lifted": ("access", "done"),
    "connection.added": ("connection", "done"),
    "connection.changed": ("connection", "done"),
    "connection.archived": ("connection", "done"),
    "connection.restored": ("connection", "done"),
    "connection.confirmed": ("connection", "done"),
}
