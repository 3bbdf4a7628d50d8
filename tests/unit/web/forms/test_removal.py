"""The forms before a removal: a token of their own, and what has to be typed and shown before a purge."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Final

import pytest
from django.core import signing

from dashboard.identity import Person, Role
from dashboard.models import Connection
from dashboard.web.forms.removal import PurgeForm, RemovalForm
from tests.make import LARGE_IMPACT


def test_a_removal_needs_neither_ticket_nor_reason_nor_token() -> None:
    form = RemovalForm({})
    assert form.is_valid()
    assert isinstance(form.cleaned_data["token"], uuid.UUID)


def test_a_removal_keeps_its_token_and_tidies_its_ticket() -> None:
    token = RemovalForm().one_time_token
    form = RemovalForm({"ticket": "  ZD-1 \t 2 ", "reason": "asked\nfor", "token": token})
    assert form.is_valid()
    number = uuid.UUID(token.partition(":")[0])
    said = {"ticket": "ZD-1 2", "reason": "asked\nfor", "token": number, "retry_of": None}
    assert form.cleaned_data == said


OF_ANOTHER: Final = RemovalForm(target="item 2").one_time_token


@pytest.mark.parametrize(
    "token",
    ["not one", "x" * 10_000, str(uuid.uuid4()), OF_ANOTHER, OF_ANOTHER[:-1], OF_ANOTHER.partition(":")[0]],
)
def test_a_token_of_another_form_is_refused_and_exchanged(token: str) -> None:
    form = RemovalForm({"token": token}, target="item 1")
    assert list(form.errors) == ["token"]
    assert RemovalForm({"token": form.one_time_token}, target="item 1").is_valid()


def test_a_form_that_is_shown_again_keeps_its_token() -> None:
    token = RemovalForm(target="item 1").one_time_token
    form = RemovalForm({"token": token, "ticket": "x" * 101}, target="item 1")
    assert list(form.errors) == ["ticket"]
    assert form.one_time_token == token


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"ticket": "x" * 101}, "ticket"),
        ({"reason": "x" * 1001}, "reason"),
        ({"ticket": "a\x00b"}, "ticket"),
    ],
)
def test_a_removal_refuses_what_the_record_cannot_hold(data: dict[str, str], name: str) -> None:
    assert list(RemovalForm(data).errors) == [name]


STUDIO: Final = Connection(pk=7, label="Studio A")
OMAR: Final = Person("Omar", "", Role.ADMIN, issuer="sso", subject="omar")


def purge_form(data: dict[str, str] | None = None, of: Connection = STUDIO, by: Person = OMAR) -> PurgeForm:
    return PurgeForm(data, connection=of, person=by)


@pytest.mark.parametrize("typed", ["", "studio a", "Studio  A", "Studio A.", "STUDIO A", "Studio\u00a0A"])
def test_a_purge_wants_the_label_letter_by_letter(typed: str) -> None:
    assert "typed" in purge_form({"typed": typed}).errors


def test_a_purge_takes_the_label_and_the_impact_that_was_shown() -> None:
    shown = purge_form().sign(LARGE_IMPACT)
    form = purge_form({"typed": "Studio A", "impact": shown})
    assert form.is_valid()
    assert form.cleaned_data["impact"] == LARGE_IMPACT


def test_a_purge_wants_its_impact_shown_first() -> None:
    other = purge_form(of=Connection(pk=8, label="Studio A")).sign(LARGE_IMPACT)
    others = purge_form(by=replace(OMAR, subject="ada")).sign(LARGE_IMPACT)
    mine = purge_form().sign(LARGE_IMPACT)
    old = signing.TimestampSigner(salt=purge_form().salt)
    for impact in ("", "x", mine[:-1], other, others, old.sign("e30").replace(":", ":0", 1)):
        form = purge_form({"typed": "Studio A", "impact": impact})
        assert list(form.errors) == ["impact"]
