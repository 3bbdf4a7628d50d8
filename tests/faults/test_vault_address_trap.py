"""A delete can become a purge: with an id of "", ".", "a/.." or "#x", `…/media/{id}` is `…/media`."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.vault import (
    MEDIA_ID,
    BadRequest,
    ConcurrencyLimit,
    MalformedMediaId,
    MediaQuery,
    OutcomeUnknown,
    Timeouts,
    UnexpectedResponse,
    VaultClient,
)
from dashboard.vault.deadline import Deadline
from dashboard.vault.responses import Effect
from dashboard.vault.transport import DELETE_MEDIA, PURGE_CONNECTION, QUERY_MEDIA, Operation
from tests.faults.raw_server import RawServer, Request, says
from tests.faults.vault_calls import CONNECTION, KEY, NeverOpen, make_transport

ONCE = Timeouts(total=5)
PREFIX = "/some/prefix"
MEDIA_PATH = PREFIX + "/v2/vault-plus/media"
TRAPS = ["", ".", "..", "a/..", "./", "/", "//", "#x", "?x", "1#", "1?", "1;x", "batch/..", "\\.."]
TRAPS += ["%2e", "%2e%2e", "..%2f", "a%2f..", "1 ", " 1", "1\n", "1\r\nX: y", "\0", "\ud800", "é"]
TRAPS += ["\uff11\uff12\uff13", "a" * 129, "a" * 10_000]  # the first are digits, but not ours

any_text = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(), max_size=40),
    st.text("./%2eEfF?#;&=\\ \t\n-_aZ09", max_size=12),
    st.from_regex(MEDIA_ID, fullmatch=True),
    st.sampled_from(TRAPS),
)
many = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer([says({"items": []})]) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: RawServer) -> Iterator[VaultClient]:
    with VaultClient(
        server.url + PREFIX + "/", KEY, concurrency=ConcurrencyLimit(), breaker=NeverOpen()
    ) as client:
        yield client


def sent(server: RawServer) -> Request | None:
    """The one request of this example, if there was one."""
    requests, server.requests = server.requests, []
    assert len(requests) < 2
    return requests[0] if requests else None


@pytest.mark.parametrize("operation", ["get", "delete"])
@given(text=any_text)
@many
def test_id_names_one_segment_or_nothing_is_sent(
    server: RawServer, client: VaultClient, operation: str, text: str
) -> None:
    # The answer fits no item, so a call that is made ends in one of these.
    with pytest.raises((MalformedMediaId, UnexpectedResponse, OutcomeUnknown)):
        getattr(client, operation)(CONNECTION, text, ONCE)
    request = sent(server)
    if MEDIA_ID.fullmatch(text):
        assert request is not None
        assert request.target == f"{MEDIA_PATH}/{text}"
        assert request.method == {"get": "GET", "delete": "DELETE"}[operation]
    else:
        assert request is None


@given(texts=st.lists(any_text, min_size=1, max_size=5))
@many
def test_batch_carries_good_ids_or_nothing_is_sent(
    server: RawServer, client: VaultClient, texts: list[str]
) -> None:
    good = all(MEDIA_ID.fullmatch(text) for text in texts)
    try:
        assert client.get_batch(CONNECTION, texts) == {}
    except MalformedMediaId:
        assert not good
    request = sent(server)
    if good:
        assert request is not None
        assert (request.method, request.target) == ("POST", f"{MEDIA_PATH}/batch")
        assert json.loads(request.body) == {"mediaIds": list(dict.fromkeys(texts))}
    else:
        assert request is None


@given(status=any_text, content_type=any_text, cursor=any_text)
@many
def test_query_reads_the_collection_whatever_its_filters_hold(
    server: RawServer, client: VaultClient, status: str, content_type: str, cursor: str
) -> None:
    query = MediaQuery(status=status, content_type=content_type, cursor=cursor)
    try:
        client.query(CONNECTION, query)
    except BadRequest:
        assert sent(server) is None
        return
    request = sent(server)
    assert request is not None
    assert (request.method, request.path) == ("GET", MEDIA_PATH)
    assert "#" not in request.target


@given(connection=any_text)
@many
def test_connection_id_arrives_as_it_is_or_nothing_is_sent(
    server: RawServer, client: VaultClient, connection: str
) -> None:
    try:
        client.query(connection, MediaQuery())
    except BadRequest:
        assert sent(server) is None
        return
    request = sent(server)
    assert request is not None
    assert request.headers["x-connection-id"] == connection


def test_purge_alone_deletes_the_collection(server: RawServer, client: VaultClient) -> None:
    with pytest.raises(OutcomeUnknown):
        client.purge(CONNECTION)
    request = sent(server)
    assert request is not None
    assert (request.method, request.target) == ("DELETE", MEDIA_PATH)


@pytest.mark.parametrize(
    ("operation", "media_id"),
    [
        (Operation("DELETE", Effect.DELETE), None),
        (Operation("DELETE", Effect.DELETE, suffix="/.."), None),
        (Operation("DELETE", Effect.DELETE, suffix="/."), None),
        (Operation("DELETE", Effect.DELETE, suffix="#x"), None),
        (Operation("DELETE", Effect.DELETE, suffix="?x"), None),
        (Operation("DELETE"), None),
        (Operation("DELETE", Effect.PURGE, suffix="/1"), None),
        (Operation("DELETE", Effect.PURGE), "1"),
        (Operation("GET", Effect.PURGE), None),
        (DELETE_MEDIA, None),
        (PURGE_CONNECTION, "1"),
        (QUERY_MEDIA, "1"),
    ],
)
def test_last_gate_stops_what_the_client_would_have_got_wrong(
    server: RawServer, operation: Operation, media_id: str | None
) -> None:
    transport = make_transport(server.url + PREFIX)
    with pytest.raises(BadRequest):
        transport.call(operation, CONNECTION, bytes, Deadline(ONCE), media_id=media_id)
    assert sent(server) is None


@pytest.mark.parametrize("connection", ["", " ", "a b\n", "\x7f", "a\x85", "ж", "c" * 257, " a", "a "])
def test_connection_id_that_no_header_carries_is_refused(
    server: RawServer, client: VaultClient, connection: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        client.purge(connection)
    assert sent(server) is None
    assert len(connection) < 3 or connection not in repr(refused.value)


def test_url_that_is_too_long_is_refused(server: RawServer, client: VaultClient) -> None:
    with pytest.raises(BadRequest, match="too long"):
        client.query(CONNECTION, MediaQuery(cursor="c" * 2**20))
    assert sent(server) is None
