"""Neither the key nor a connection id nor a link is in anything the client says, however it is provoked."""

import logging
import traceback

import pytest

from dashboard.vault import KeyRefused, MediaQuery, Timeouts, VaultClient, VaultError
from tests.faults.raw_server import Reply, Wire, answer, name_of, says
from tests.faults.vault_calls import CONNECTION, KEY, Call, Serve

ONCE = Timeouts(total=0.25)
LINK = "https://media.ofauth.com/v2/signed-canary"


def echo(status: int) -> bytes:
    """A service that repeats in every field what it was sent."""
    text = f"No {KEY} may see {CONNECTION.upper()}, {KEY[:5]}\0{KEY[5:]} or {LINK}?a=1"
    fields = {"error": text, "message": text, "type": KEY, "code": CONNECTION, "requestId": f"r {KEY}"}
    return says(fields, status, X_Echo=f"{KEY} {CONNECTION}")


def silent(wire: Wire) -> None:
    wire.stay_silent()


def breaking(wire: Wire) -> None:
    wire.send(f"{KEY} {CONNECTION} {LINK}\r\n\r\n".encode())


PROVOKING = [*(echo(status) for status in (200, 302, 400, 401, 404, 429, 500, 503)), silent, breaking]
PROVOKING += [answer(body=f'{{"items": ["{KEY}"], "nextCursor": {KEY}}}')]


@pytest.mark.parametrize("reply", PROVOKING, ids=name_of)
def test_no_secret_in_errors_and_logs(
    serve: Serve, call: Call, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    _, client = serve(reply)
    with pytest.raises(VaultError) as caught:
        call(client, ONCE)
    error = caught.value
    said = [str(error), repr(error), repr(error.args), repr(vars(error)), caplog.text, repr(client)]
    said += traceback.format_exception(error)
    for text in said:
        for secret in (KEY, CONNECTION, CONNECTION.upper(), "signed-canary"):
            assert secret not in text


@pytest.mark.parametrize("reply", PROVOKING, ids=name_of)
def test_error_carries_no_chain_to_the_request(serve: Serve, call: Call, reply: Reply) -> None:
    _, client = serve(reply)
    with pytest.raises(VaultError) as caught:
        call(client, ONCE)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_no_local_variable_on_the_way_of_an_error_shows_the_key(serve: Serve, call: Call) -> None:
    """Error pages and trackers print the variables of every frame."""
    _, client = serve(echo(401))
    with pytest.raises(KeyRefused) as caught:
        call(client)
    for frame, _ in traceback.walk_tb(caught.value.__traceback__):
        if frame.f_globals["__name__"].startswith("dashboard.vault"):
            for value in frame.f_locals.values():
                assert KEY not in repr(value)


def test_refused_connection_names_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = VaultClient("http://127.0.0.1:1", KEY)
    with pytest.raises(VaultError) as caught:
        client.query(CONNECTION, MediaQuery())
    assert KEY not in caplog.text + repr(caught.value)


@pytest.mark.parametrize("key", ["", " ", "a\nb", "ключ", "k" * 300, "k\x00"])
def test_key_that_no_header_carries_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        VaultClient("https://api.example.com", key)
    assert len(key) < 3 or key not in repr(caught.value)


def test_client_shows_its_address_and_nothing_more() -> None:
    assert repr(VaultClient("https://API.example.com/v/", KEY)) == "VaultClient('https://api.example.com/v')"
