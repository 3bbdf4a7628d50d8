"""A person's rows are found by issuer and subject, never by a name or an email."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from dashboard.identity import Person, Role
from dashboard.models import Job, SavedView, actor_columns_of
from tests import make

VERA: Final = Person("Vera Lind", "vera@example.com", Role.VIEWER, issuer="sso", subject="u-1")


@pytest.mark.parametrize(
    ("person", "is_owner"),
    [
        (VERA, True),
        (replace(VERA, name="Vera Berg", email="berg@example.com", role=Role.ADMIN), True),
        (replace(VERA, subject="u-2"), False),
        (replace(VERA, issuer="elsewhere"), False),
    ],
)
def test_rows_are_found_by_issuer_and_subject(db: None, person: Person, is_owner: bool) -> None:
    job = make.job(make.connection(), **actor_columns_of(VERA))
    view = make.saved_view("Mine", issuer=VERA.issuer, subject=VERA.subject)
    assert list(Job.objects.owned_by(person)) == ([job] if is_owner else [])
    assert list(SavedView.objects.owned_by(person)) == ([view] if is_owner else [])
    assert job.is_owned_by(person) is view.is_owned_by(person) is is_owner


def test_nobody_owns_nothing(db: None) -> None:
    assert not make.job(make.connection(), issuer="", subject="").is_owned_by(None)


def test_columns_of_a_person_are_copied_whole(db: None) -> None:
    columns = actor_columns_of(VERA)
    assert columns == {
        "person": "Vera Lind",
        "email": "vera@example.com",
        "issuer": "sso",
        "subject": "u-1",
        "role": "viewer",
    }
    assert make.job(make.connection(), **columns).actor_columns == columns
    assert actor_columns_of(replace(VERA, role=None))["role"] == ""
