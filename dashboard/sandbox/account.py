"""The account's list of its connections: `GET /v2/account/connections`."""

from collections.abc import Iterable

from .answer import Answer, error, json_answer
from .demo import ACCOUNT_CONNECTIONS
from .query import BadParameterError, one_of, read_parameters, whole_number

CONNECTION_STATUSES = ("active", "expired", "awaiting_2fa")
LIMIT = 100
_USUAL_LIMIT = 20
_FURTHEST = 1_000_000
_KNOWN = {demo.id: demo for demo in ACCOUNT_CONNECTIONS}


class Account:
    """Lists connections in the order given; those of the demo under the names of their people."""

    def __init__(self, connections: Iterable[str]) -> None:
        self._rows = [_row(number, connection) for number, connection in enumerate(connections, 1)]

    def answer(self, query: str) -> Answer:
        """One page of the list, by `status`, `limit` and `offset`."""
        try:
            given = read_parameters(query, ("status", "limit", "offset"))
            status = one_of(given, "status", CONNECTION_STATUSES)
            limit = whole_number(given, "limit", 1, LIMIT, usual=_USUAL_LIMIT)
            offset = whole_number(given, "offset", 0, _FURTHEST, usual=0)
        except BadParameterError as refused:
            return error(400, str(refused))
        rows = [row for row in self._rows if status in (None, row["status"])]
        end = offset + limit
        return json_answer(200, {"list": rows[offset:end], "hasMore": end < len(rows)})


def _row(number: int, connection: str) -> dict[str, object]:
    demo = _KNOWN.get(connection)
    user = {
        "id": f"{1000 + number}",
        "name": demo.label if demo else f"Person {number}",
        "username": demo.username if demo else f"person{number}",
        "avatar": None,
    }
    return {"id": connection, "status": demo.status if demo else "active", "userData": user}
