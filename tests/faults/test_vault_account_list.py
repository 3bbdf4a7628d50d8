"""The account's list: pages that loop, rows that are broken, keys that may not; and never more than a GET."""

import json
from typing import Any, Final

import pytest

from dashboard.vault import (
    BadRequest,
    Busy,
    KeyRefused,
    Timeouts,
    UnexpectedResponse,
    VaultClient,
    VaultError,
)
from dashboard.vault.account import MAX_CONNECTIONS_LISTED
from dashboard.vault.address import ACCOUNT_CONNECTIONS_PATH
from dashboard.vault.deadline import Deadline
from dashboard.vault.responses import Effect
from dashboard.vault.transport import (
    DELETE_MEDIA,
    GET_BATCH,
    GET_MEDIA,
    LIST_CONNECTIONS,
    PURGE_CONNECTION,
    QUERY_MEDIA,
    Operation,
)
from tests.faults.raw_server import RawServer, Wire, answer, says
from tests.faults.vault_calls import CONNECTION, KEY, Serve, make_transport

ONCE: Final = Timeouts(total=5)
ID: Final = "conn_canary_of_the_account_9x4t"


def row(connection: str = ID, **fields: Any) -> dict[str, Any]:
    user = {"id": "7", "name": "Nora Feld", "username": "nora.feld", "avatar": None}
    return {"id": connection, "status": "active", "userData": user, **fields}


def page(*rows: Any, more: bool = False) -> bytes:
    return says({"list": rows, "hasMore": more})


def test_it_sends_the_key_and_no_connection(serve: Serve) -> None:
    server, client = serve(page())
    client.list_account_connections()
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", f"{ACCOUNT_CONNECTIONS_PATH}?limit=100&offset=0")
    assert request.headers["apikey"] == KEY
    assert "x-connection-id" not in request.headers
    assert request.body == b""


@pytest.mark.parametrize("prefix", ["", "/some/prefix", ACCOUNT_CONNECTIONS_PATH, "/v2/vault-plus/media"])
@pytest.mark.parametrize(
    "operation",
    [
        Operation("DELETE", collection=ACCOUNT_CONNECTIONS_PATH),
        Operation("DELETE", Effect.DELETE, collection=ACCOUNT_CONNECTIONS_PATH),
        Operation("DELETE", Effect.PURGE, collection=ACCOUNT_CONNECTIONS_PATH),
        Operation("DELETE", Effect.DELETE, names_item=True, collection=ACCOUNT_CONNECTIONS_PATH),
        Operation("POST", collection=ACCOUNT_CONNECTIONS_PATH),
        Operation("PATCH", collection=ACCOUNT_CONNECTIONS_PATH),
        Operation("POST", suffix="/import", collection=ACCOUNT_CONNECTIONS_PATH),
        Operation("GET", collection="/v2/account/../vault-plus/media"),
        Operation("DELETE", Effect.PURGE, collection="/v2/vault-plus/mediax"),
        Operation("GET", suffix="/../../vault-plus/media", collection=ACCOUNT_CONNECTIONS_PATH),
        Operation("GET", suffix="#x", collection=ACCOUNT_CONNECTIONS_PATH),
    ],
)
@pytest.mark.parametrize("connection", [None, CONNECTION])
def test_last_gate_lets_nothing_else_reach_the_account(
    serve: Serve, operation: Operation, connection: str | None, prefix: str
) -> None:
    """`DELETE_MEDIA` of a connection there would log its person out and end it for good."""
    server, _ = serve(page())
    transport = make_transport(server.url + prefix)
    named = "1" if operation.names_item else None
    with pytest.raises(BadRequest):
        transport.call(operation, connection, bytes, Deadline(ONCE), media_id=named)
    assert server.requests == []


def test_an_account_call_may_name_no_connection(serve: Serve) -> None:
    server, _ = serve(page())
    transport = make_transport(server.url)
    with pytest.raises(BadRequest):
        transport.call(LIST_CONNECTIONS, CONNECTION, bytes, Deadline(ONCE))
    assert server.requests == []


@pytest.mark.parametrize("operation", [QUERY_MEDIA, GET_MEDIA, GET_BATCH, DELETE_MEDIA, PURGE_CONNECTION])
def test_a_call_about_media_must_name_one(serve: Serve, operation: Operation) -> None:
    server, _ = serve(page())
    transport = make_transport(server.url)
    with pytest.raises(BadRequest):
        transport.call(operation, None, bytes, Deadline(ONCE), media_id="1" if operation.names_item else None)
    assert server.requests == []


def test_pages_are_walked_by_the_rows_that_came(serve: Serve) -> None:
    server, client = serve(
        page(row("conn_1"), row("conn_2"), more=True), page(row("conn_3"), "broken", more=True), page()
    )
    listing = client.list_account_connections()
    assert [one.id for one in listing.connections] == ["conn_1", "conn_2", "conn_3"]
    assert (listing.unreadable, listing.has_more) == (1, False)
    assert [request.target.rpartition("=")[2] for request in server.requests] == ["0", "2", "4"]


@pytest.mark.parametrize(
    "again",
    [page(row(), more=True), page(more=True), page("broken", more=True), page(row(), row(), more=True)],
)
def test_a_list_that_brings_nothing_new_ends(serve: Serve, again: bytes) -> None:
    server, client = serve(page(row(), more=True), again)
    listing = client.list_account_connections()
    assert [one.id for one in listing.connections] == [ID]
    assert listing.has_more
    assert len(server.requests) == 2


def test_pages_that_take_turns_end(serve: Serve) -> None:
    a, b = page(row("conn_a"), more=True), page(row("conn_b"), more=True)
    server, client = serve(a, b, a, b, a, b)
    assert client.list_account_connections().has_more
    assert len(server.requests) == 3


def test_an_endless_list_ends_at_the_most_there_may_be(serve: Serve) -> None:
    pages = [
        page(*(row(f"conn_{start + n}") for n in range(100)), more=True) for start in range(0, 3000, 100)
    ]
    server, client = serve(*pages)
    listing = client.list_account_connections()
    assert len(listing.connections) == MAX_CONNECTIONS_LISTED
    assert listing.has_more
    assert len(server.requests) == MAX_CONNECTIONS_LISTED / 100


def test_a_page_of_more_than_was_asked_for_is_cut(serve: Serve) -> None:
    _, client = serve(page(*(row(f"conn_{n}") for n in range(MAX_CONNECTIONS_LISTED + 1))))
    listing = client.list_account_connections()
    assert len(listing.connections) == MAX_CONNECTIONS_LISTED
    assert listing.has_more


def test_all_pages_have_one_deadline(serve: Serve) -> None:
    def slow(wire: Wire) -> bool:
        wire.stopping.wait(0.2)
        slow.rows += 1  # type: ignore[attr-defined]
        wire.send(page(row(f"conn_{slow.rows}"), more=True))  # type: ignore[attr-defined]
        return True

    slow.rows = 0  # type: ignore[attr-defined]
    server, client = serve(slow)
    with pytest.raises(VaultError):
        client.list_account_connections(Timeouts(total=0.7))
    assert len(server.requests) <= 4


def test_a_connection_listed_twice_is_told_once(serve: Serve) -> None:
    _, client = serve(page(row(status="active"), row(status="expired")))
    (one,) = client.list_account_connections().connections
    assert one.status == "active"


@pytest.mark.parametrize("status", ["active", "expired", "awaiting_2fa", "frozen", "<script>", ""])
def test_a_status_is_kept_as_it_came(serve: Serve, status: str) -> None:
    _, client = serve(page(row(status=status)))
    (one,) = client.list_account_connections().connections
    assert one.status == status


@pytest.mark.parametrize(
    ("user", "names"),
    [
        ({"id": "7", "name": " Nora \n Feld ", "username": "nora"}, ("Nora Feld", "nora")),
        ({"id": "7", "name": None, "username": None}, ("", "")),
        ({}, ("", "")),
        (None, ("", "")),
    ],
)
def test_a_person_may_have_no_names(serve: Serve, user: Any, names: tuple[str, str]) -> None:
    _, client = serve(page(row(userData=user)))
    (one,) = client.list_account_connections().connections
    assert (one.name, one.username) == names


def test_a_row_without_a_person_is_a_row(serve: Serve) -> None:
    _, client = serve(page({"id": ID, "status": "awaiting_2fa"}))
    (one,) = client.list_account_connections().connections
    assert (one.id, one.name) == (ID, "")


BROKEN: Final[dict[str, Any]] = {
    "text": "row",
    "null": None,
    "list": [],
    "no id": {"status": "active", "userData": {}},
    "no status": {"id": "conn_1", "userData": {}},
    "number for an id": {**row(), "id": 7},
    "empty id": row(""),
    "id with a space": row("conn 1"),
    "id with a line": row("conn_1\r\nx-connection-id: other"),
    "id of other letters": row("conn_ж"),
    "id without end": row("c" * 257),
    "status without end": row("conn_1", status="s" * 101),
    "name without end": row("conn_1", userData={"name": "n" * 501}),
    "number for a name": row("conn_1", userData={"name": 7}),
    "text for a person": row("conn_1", userData="Nora"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_costs_that_row_only(serve: Serve, name: str) -> None:
    _, client = serve(page(BROKEN[name], row(), BROKEN[name]))
    listing = client.list_account_connections()
    assert [one.id for one in listing.connections] == [ID]
    assert listing.unreadable == 2
    assert not listing.has_more


@pytest.mark.parametrize(
    "body",
    [
        {"list": [], "hasMore": "no"},
        {"list": []},
        {"list": {}, "hasMore": False},
        {"list": None, "hasMore": False},
        {"items": [], "hasMore": False},
        [row()],
        {},
    ],
    ids=json.dumps,
)
def test_a_page_of_another_shape_is_unexpected(serve: Serve, body: Any) -> None:
    _, client = serve(says(body))
    with pytest.raises(UnexpectedResponse):
        client.list_account_connections(ONCE)


def test_trouble_on_a_later_page_is_trouble(serve: Serve) -> None:
    _, client = serve(page(row(), more=True), answer(500, "{}"))
    with pytest.raises(UnexpectedResponse):
        client.list_account_connections(ONCE)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, KeyRefused),
        (403, KeyRefused),
        (404, BadRequest),
        (405, BadRequest),
        (410, BadRequest),
        (429, Busy),
    ],
)
def test_a_refusal_is_named_and_not_asked_again(serve: Serve, status: int, kind: type[VaultError]) -> None:
    server, client = serve(says({"error": f"no list of {ID} for {KEY}"}, status))
    with pytest.raises(kind) as caught:
        client.list_account_connections(ONCE)
    assert (caught.value.status, len(server.requests)) == (status, 1)
    assert ID not in caught.value.detail
    assert KEY not in caught.value.detail


def test_no_id_is_in_what_a_listing_says_of_itself(serve: Serve) -> None:
    _, client = serve(page(row()))
    listing = client.list_account_connections()
    for text in (repr(listing), str(listing), repr(listing.connections[0]), f"{listing.connections}"):
        assert ID not in text
        assert ID[-4:] in text


def test_a_refused_port_is_unreachable() -> None:
    with RawServer([page()]) as server:
        url = server.url
    with VaultClient(url, KEY) as client, pytest.raises(VaultError):
        client.list_account_connections(ONCE)
