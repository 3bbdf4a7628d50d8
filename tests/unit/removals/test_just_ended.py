"""An item whose removal has just ended: whoever cannot know of it is told, and sends nothing."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.identity import Caller
from dashboard.models import Connection, Event, Removal, RemovalState
from dashboard.removals.errors import RemovalInFlight
from dashboard.sandbox import Sandbox
from tests import make
from tests.answers import form_token, text

State = RemovalState


ADA = make.omar(name="Ada Brandt", subject="ada")


def ended(
    small: Connection, media_id: str, state: str = State.DELETED, ago: float = 3, **fields: object
) -> Removal:
    """Omar's removal of the item, which ended so many seconds ago."""
    at = timezone.now() - timedelta(seconds=ago)
    return make.removal(small, media_id=media_id, state=state, **{"sent_at": at, "settled_at": at, **fields})


@pytest.mark.parametrize(
    "state",
    [
        *(State.DELETED, State.NOT_REMOVED, State.REJECTED, State.UNRESOLVED),
        *(State.VERIFIED_GONE, State.VERIFIED_PRESENT, State.RECACHED),
    ],
)
@pytest.mark.parametrize("ago", [-5, 0.5, 9])
def test_who_comes_second_is_given_the_first(
    small: Connection, media_id: str, sandbox: Sandbox, state: str, ago: float
) -> None:
    """By a clock that goes behind, too."""
    first = ended(small, media_id, state, ago)
    assert make.remove(small, media_id, caller=ADA) == first
    assert make.operations(sandbox) == []
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("state", "ago", "fields"),
    [
        (State.DELETED, 11, {}),
        (State.DELETED, 3600, {}),
        (State.VERIFIED_GONE, 11, {}),
        (State.ALREADY_GONE, 1, {}),  # of these nothing was sent
        (State.REFUSED, 1, {}),
        (State.CANCELLED, 1, {}),
        (State.DELETED, 1, {"media_id": "another"}),
        (State.DELETED, 1, {"media_id": "", "verb": Removal.Verb.PURGE}),
    ],
)
def test_what_ended_before_that_or_is_of_something_else_stands_in_nobodys_way(
    small: Connection, media_id: str, sandbox: Sandbox, state: str, ago: float, fields: dict[str, str]
) -> None:
    ended(small, **{"media_id": media_id, **fields}, state=state, ago=ago)
    assert make.remove(small, media_id, caller=ADA).state == State.DELETED
    assert len(make.deletes(sandbox)) == 1


def test_of_another_connection_neither(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    ended(make.connection("other"), media_id)
    assert make.remove(small, media_id, caller=ADA).state == State.DELETED


@pytest.mark.parametrize("caller", [ADA, make.omar()], ids=["another", "themself"])
def test_an_item_that_is_gone_by_a_call_under_way_is_that_calls(
    small: Connection, sandbox: Sandbox, caller: Caller
) -> None:
    """Its answer is not here yet, so nobody says that the item had been gone before."""
    make.removal(small, media_id="4711", state=State.SENT, sent_at=timezone.now(), settled_at=None)
    with pytest.raises(RemovalInFlight):
        make.remove(small, "4711", caller=caller)
    assert Removal.objects.count() == 1
    assert make.deletes(sandbox) == []


@pytest.mark.parametrize("state", [State.DELETED, State.REJECTED, State.NOT_REMOVED, State.VERIFIED_PRESENT])
def test_whoever_saw_the_end_of_their_own_may_go_on(
    small: Connection, media_id: str, sandbox: Sandbox, state: str
) -> None:
    ended(small, media_id, state)
    assert make.remove(small, media_id).state == State.DELETED


def test_their_own_that_ended_after_they_pressed_is_news(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    first = ended(small, media_id, ago=0)
    pressed_at = timezone.now() - timedelta(seconds=1)
    assert make.remove(small, media_id, pressed_at=pressed_at) == first
    assert make.deletes(sandbox) == []


@pytest.mark.parametrize(
    ("state", "calls"),
    [(State.REJECTED, 1), (State.VERIFIED_PRESENT, 1), (State.DELETED, 0), (State.RECACHED, 0)],
)
def test_who_retries_it_knows_of_it(
    small: Connection, media_id: str, sandbox: Sandbox, state: str, calls: int
) -> None:
    first = ended(small, media_id, state)
    make.remove(small, media_id, caller=ADA, retry_of=first.pk)
    assert len(make.deletes(sandbox)) == calls


def test_a_made_up_retry_is_none(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    first = ended(small, media_id)
    assert make.remove(small, media_id, caller=ADA, retry_of=uuid.uuid4()) == first
    assert make.deletes(sandbox) == []


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize(
    ("fault", "status", "title"), [({}, 200, "Deleted"), ({"status": 409}, 409, "was not removed")]
)
def test_a_page_says_who_was_first_and_what_became_of_it(
    connections: None, sandbox: Sandbox, fault: dict[str, int], status: int, title: str, fragment: bool
) -> None:
    here = "/c/small/media/odd-many/delete/"
    operator, admin = make.signed_in("operator"), make.signed_in("admin")
    said = {"token": form_token(admin.get(here)), "ticket": "ZD-9"}
    sandbox.faults.add(method="DELETE", times=None, **fault)
    assert "had pressed already" not in text(operator.post(here, {"ticket": "ZD-1"}))
    answer = admin.fragment(here, said, method="post") if fragment else admin.post(here, said)
    assert answer.status_code == status
    assert title in text(answer)
    assert "Omar Haddad had pressed already. Nothing was sent a second time." in text(answer)
    assert len(make.deletes(sandbox)) == 1
    assert Removal.objects.get().ticket == "ZD-1"
