"""The account's list of connections against the sandbox, over real HTTP."""

from collections.abc import Iterator

import pytest

from dashboard.sandbox import ACCOUNT_CONNECTIONS, Sandbox
from dashboard.vault import AccountConnection, KeyRefused, MediaQuery, VaultClient

KEY = "key_of_the_tests"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(key=KEY) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[VaultClient]:
    with VaultClient(sandbox.url, KEY) as client:
        yield client


def test_the_list_is_whole_and_in_the_services_order(client: VaultClient, sandbox: Sandbox) -> None:
    listing = client.list_account_connections()
    assert [one.id for one in listing.connections] == [one.id for one in ACCOUNT_CONNECTIONS]
    assert (listing.unreadable, listing.has_more) == (0, False)
    assert listing.connections[3] == AccountConnection(
        ACCOUNT_CONNECTIONS[3].id, "active", "Nora Feld", "nora.feld"
    )
    assert [call.operation for call in sandbox.calls] == ["connections"]


def test_more_than_a_page_is_walked() -> None:
    ids = [f"conn_{number}" for number in range(230)]
    with Sandbox(dict.fromkeys(ids, 0), key=KEY) as sandbox, VaultClient(sandbox.url, KEY) as client:
        assert [one.id for one in client.list_account_connections().connections] == ids
        assert [call.query for call in sandbox.calls] == [
            "limit=100&offset=0",
            "limit=100&offset=100",
            "limit=100&offset=200",
        ]


def test_an_account_without_connections_is_an_empty_list() -> None:
    with Sandbox({}, key=KEY) as sandbox, VaultClient(sandbox.url, KEY) as client:
        assert client.list_account_connections().connections == ()


def test_what_is_listed_can_be_queried(client: VaultClient) -> None:
    (nora,) = (one for one in client.list_account_connections().connections if one.name == "Nora Feld")
    assert len(client.query(nora.id, MediaQuery(limit=100)).readable) == 24


def test_another_key_is_refused(sandbox: Sandbox) -> None:
    with VaultClient(sandbox.url, "other") as client, pytest.raises(KeyRefused):
        client.list_account_connections()
