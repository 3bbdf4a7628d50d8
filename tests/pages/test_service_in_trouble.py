"""Pages while the service is left alone, and the chip in the header that says how it is."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from dashboard import service
from dashboard.models import Removal, RemovalState
from dashboard.sandbox import Sandbox
from dashboard.vault import BreakerState, Health, KeyState
from dashboard.web.presenters import health
from tests.answers import hidden_fields, text
from tests.make import Browser

LIST = "/c/small/media/"


def open_breaker(browser: Browser, sandbox: Sandbox) -> None:
    """Have five attempts fail; then the service is well again."""
    sandbox.faults.add(status=500, times=5)
    for _ in range(3):
        browser.get(LIST)
    sandbox.faults.clear()
    sandbox.calls.clear()


def chip(answer: Any) -> tuple[str, str]:
    """The text of the chip and its facts."""
    page = text(answer)
    found = re.search(r'<span class="health pill \w+" title="([^"]*)"><span>([^<]*)</span></span>', page)
    assert found, page
    assert len(found[0].encode()) < 300
    return found[2], found[1]


def test_a_page_says_at_once_that_the_service_is_left_alone(viewer: Browser, sandbox: Sandbox) -> None:
    open_breaker(viewer, sandbox)
    for answer in (viewer.get(LIST), viewer.fragment(LIST), viewer.get(LIST)):
        assert answer.status_code == 503
        assert "Vault+ isn&#39;t answering" in text(answer)
        assert 1 <= int(answer.headers["Retry-After"]) <= 15
        assert f"Nothing was sent. Try again in {answer.headers['Retry-After']} s." in text(answer)
        assert text(answer).count("Nothing was sent.") == 1
        assert "Try again</a>" in text(answer)
    assert sandbox.calls == []


def test_pages_that_ask_nothing_are_as_ever(admin: Browser, sandbox: Sandbox) -> None:
    open_breaker(admin, sandbox)
    for path in ("/audit/", "/c/small/jobs/", "/keys/", "/connections/", "/lookup/"):
        assert admin.get(path).status_code == 200


def test_a_purge_is_not_sent_and_its_record_says_why(admin: Browser, sandbox: Sandbox) -> None:
    typed = {"typed": "Studio A", "ticket": "ZD-1", "reason": "x"}
    said = {**typed, **hidden_fields(admin.get("/c/small/purge/"))}
    open_breaker(admin, sandbox)
    admin.post("/c/small/purge/", said)
    removal = Removal.objects.get()
    assert (removal.state, removal.answer_status) == (RemovalState.REFUSED, None)
    assert "was not made. Nothing was sent." in removal.service_text
    assert sandbox.calls == []


def test_a_delete_is_not_begun(operator: Browser, sandbox: Sandbox) -> None:
    open_breaker(operator, sandbox)
    answer = operator.get("/c/small/media/1/delete/")
    assert answer.status_code == 503
    assert not Removal.objects.exists()
    assert sandbox.calls == []


def test_a_refused_key_is_not_tried_again(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(status=401, times=1, body={"error": "Invalid API key"})
    first, second = viewer.get(LIST), viewer.get(LIST)
    for answer in (first, second):
        assert answer.status_code == 502
        assert "The service refused our key" in text(answer)
        assert "Invalid API key" in text(answer)
    assert len(sandbox.calls) == 1


def test_a_connection_that_asked_for_silence_is_left_alone(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(status=429, headers={"Retry-After": "40"})
    waits = []
    for _ in range(2):
        answer = viewer.get(LIST)
        assert (answer.status_code, "The service asks us to wait" in text(answer)) == (503, True)
        waits.append(int(answer.headers["Retry-After"]))
        time.sleep(1)
    assert waits[0] == 40 > waits[1]
    assert len(sandbox.calls) == 1
    assert viewer.get("/c/big/media/").status_code == 200


@pytest.fixture
def unasked() -> None:
    service.get_client.cache_clear()


def test_the_header_says_how_the_service_is(unasked: None, viewer: Browser, sandbox: Sandbox) -> None:
    assert chip(viewer.get("/keys/")) == (
        "Vault+ nothing read yet",
        "Nothing read yet · key not known to work",
    )
    assert re.fullmatch(r"Vault\+ \d+ ms", chip(viewer.get(LIST))[0])
    _, facts = chip(viewer.get("/keys/"))
    assert re.fullmatch(r"Last good answer .+ ago · median \d+ ms · key accepted", facts)
    open_breaker(viewer, sandbox)
    assert chip(viewer.get("/keys/"))[0] == "Vault+ not answering"


def test_the_header_says_that_the_key_is_refused(unasked: None, viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(status=401)
    assert chip(viewer.get(LIST)) == ("Vault+ key refused", "Nothing read yet · key refused")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (Health(), "nothing read yet"),
        (Health(4, 84.4, KeyState.OK), "84 ms"),
        (Health(4, 999.4, KeyState.OK), "999 ms"),
        (Health(4, 1000, KeyState.OK), "slow"),
        (Health(400, None, KeyState.OK), "nothing read lately"),
        (Health(400, None, KeyState.OK, failures_in_a_row=1), "not answering"),
        (Health(failures_in_a_row=1), "not answering"),
        (Health(4, 84, KeyState.OK, failures_in_a_row=1), "84 ms"),
        (Health(4, 84, KeyState.OK, BreakerState.OPEN), "not answering"),
        (Health(4, 84, KeyState.OK, BreakerState.HALF_OPEN), "not answering"),
        (Health(4, 84, KeyState.REFUSED, BreakerState.OPEN), "key refused"),
    ],
)
def test_few_words_for_each_state(facts: Health, words: str) -> None:
    assert health.describe(facts)[1] == words


def test_the_header_costs_no_query(viewer: Browser, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        health.build_health_chip()


def test_a_fragment_has_no_header(viewer: Browser) -> None:
    assert "health pill" not in text(viewer.fragment(LIST))
