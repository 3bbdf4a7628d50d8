"""`requests` would carry the key to wherever a redirect points: none is followed."""

from contextlib import ExitStack

import pytest

from dashboard.vault import OutcomeUnknown, UnexpectedResponse
from tests.faults.raw_server import RawServer, Wire, answer, says
from tests.faults.vault_calls import Call, Serve

REDIRECTS = [300, 301, 302, 303, 304, 307, 308]


@pytest.mark.parametrize("status", REDIRECTS)
def test_redirect_to_another_host_is_not_followed(
    serve: Serve, stack: ExitStack, call: Call, status: int
) -> None:
    elsewhere = stack.enter_context(RawServer([says({"items": []})]))
    server, client = serve(answer(status, "moved", Location=elsewhere.url + "/stolen"))
    with pytest.raises((UnexpectedResponse, OutcomeUnknown)) as caught:
        call(client)
    assert elsewhere.connections == 0
    assert len(server.requests) == 1
    assert caught.value.status == status
    assert elsewhere.url not in str(caught.value)


@pytest.mark.parametrize("status", REDIRECTS)
def test_removal_that_is_redirected_has_an_unknown_outcome(serve: Serve, removal: Call, status: int) -> None:
    server, client = serve(answer(status, "moved", Location="/v2/vault-plus/media"))
    with pytest.raises(OutcomeUnknown):
        removal(client)
    assert len(server.requests) == 1


def test_redirect_to_itself_is_not_followed(serve: Serve, read: Call) -> None:
    server, client = serve(answer(307, "", Location="/v2/vault-plus/media"))
    with pytest.raises(UnexpectedResponse, match="307"):
        read(client)
    assert len(server.requests) == 1


def test_body_of_a_redirect_is_not_read_without_end(serve: Serve, read: Call) -> None:
    def endless(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 99999999999\r\n\r\n")
        while not wire.stopping.is_set():
            wire.send(b"x" * 65_536)

    _, client = serve(endless)
    with pytest.raises(UnexpectedResponse):
        read(client)


def test_proxies_of_the_environment_are_not_used(
    serve: Serve, stack: ExitStack, read: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = stack.enter_context(RawServer([says({"items": []})]))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    server, client = serve(answer(400, "no"))
    with pytest.raises(Exception, match="400"):
        read(client)
    assert (len(server.requests), proxy.connections) == (1, 0)


def test_cookies_are_not_kept(serve: Serve, read: Call) -> None:
    server, client = serve(answer(400, "no", Set_Cookie="session=1; Path=/"))
    for _ in range(2):
        with pytest.raises(Exception, match="400"):
            read(client)
    assert all("cookie" not in request.headers for request in server.requests)
