"""What the review of a selection showed is good for whom it was shown to."""

from __future__ import annotations

import pytest

from dashboard import selection
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.models import Connection, Job
from dashboard.vault import MediaQuery
from tests.answers import hidden_fields, text
from tests.make import Browser, plain_ids, signed_in

HERE = "/c/small/tray/"


@pytest.mark.parametrize("token", [True, False])
def test_what_somebody_else_reviewed_is_worth_nothing(operator: Browser, token: bool) -> None:
    small = Connection.objects.get(slug="small")
    ids = plain_ids(small, MediaQuery(limit=20))[:2]
    for role in ("operator", "admin"):
        selection.add(DEMO_PEOPLE[role], small, [(media_id, 1, 100) for media_id in ids])
    theirs = hidden_fields(operator.get(HERE))
    admin = signed_in("admin")
    said = theirs if token else {**theirs, "token": ""}
    answer = admin.post(HERE, {**said, "ticket": "ZD-3"})
    assert answer.status_code == 422
    assert "You have not seen in the last" in text(answer)
    assert not Job.objects.exists()
    assert admin.post(HERE, hidden_fields(answer)).status_code == 303
