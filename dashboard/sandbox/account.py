"""The account's list of its connections: `GET /v2/account/connections`."""

from collections.abc import Iterable

from .demo import ACCOUNT_CONNECTIONS
from .query import BadParameterError, read_choice, read_parameters, read_whole_number
from .response import Response, make_error, make_json_response

CONNECTION_STATUSES = ("active", "expired", "awaiting_2fa")
MAX_CONNECTIONS_PER_PAGE = 100
_DEFAULT_CONNECTIONS_PER_PAGE = 20
_MAX_OFFSET = 1_000_000
_KNOWN = {demo.id: demo for demo in ACCOUNT_CONNECTIONS}


class AccountApi:
    """Lists connections in the order given; those of the demo under the names of their people."""

    def __init__(self, connections: Iterable[str]) -> None:
        self._rows = [_row(number, connection) for number, connection in enumerate(connections, 1)]

    def respond(self, query: str) -> Response:
        """Return one page of the list, by `status`, `limit` and `offset`."""
        try:
            given = read_parameters(query, ("status", "limit", "offset"))
            status = read_choice(given, "status", CONNECTION_STATUSES)
            limit = read_whole_number(
                given, "limit", 1, MAX_CONNECTIONS_PER_PAGE, usual=_DEFAULT_CONNECTIONS_PER_PAGE
            )
            offset = read_whole_number(given, "offset", 0, _MAX_OFFSET, usual=0)
        except BadParameterError as refused:
            return make_error(400, str(refused))
        rows = [row for row in self._rows if status in (None, row["status"])]
        end = offset + limit
        return make_json_response(200, {"list": rows[offset:end], "hasMore": end < len(rows)})


def _row(number: int, connection: str) -> dict[str, object]:
    demo = _KNOWN.get(connection)
    user = {
        "id": f"{1000 + number}",
        "name": demo.label if demo else f"Person {number}",
        "username": demo.username if demo else f"person{number}",
        "avatar": None,
    }
    return {"id": connection, "status": demo.status if demo else "active", "userData": user}
