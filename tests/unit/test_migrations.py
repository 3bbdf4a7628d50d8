"""Databases of older versions come through whole."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from dashboard import audit, encryption
from dashboard.audit import triggers
from dashboard.audit.queries import AuditQuery, AuditReader
from dashboard.identity import Person, Role
from dashboard.models import Connection, Event, Job, Removal, SavedView
from dashboard.removals import bulk
from dashboard.removals.ledger import Intent
from dashboard.web.presenters.audit import summarize_begun
from tests import make
from tests.rights import as_owner


def migrate(name: str | None) -> None:
    with as_owner():
        MigrationExecutor(database).migrate([("dashboard", name)])


@pytest.fixture
def newest(transactional_db: None) -> Iterator[str]:
    """The name of the last migration; the database has it again afterwards."""
    name = MigrationExecutor(database).loader.graph.leaf_nodes("dashboard")[0][1]
    yield name
    migrate(name)


def apps_of(name: str) -> Any:
    """The models as they were after this migration."""
    return MigrationExecutor(database).loader.project_state(("dashboard", name)).apps


def columns_of(table: str) -> set[str]:
    return {c.name for c in database.introspection.get_table_description(database.cursor(), table)}


def test_ids_are_sealed_and_old_unknowns_left_to_a_person(newest: str) -> None:
    migrate(None)
    migrate("0001_initial")
    old = apps_of("0001_initial")
    try:
        studio = old.get_model("dashboard", "Connection").objects.create(
            slug="studio-a", label="Studio A", connection_id=make.SMALL_ID
        )
        for days, state in ((3, "unknown"), (2, "unknown"), (1, "deleted")):
            old.get_model("dashboard", "Removal").objects.create(
                verb="delete",
                state=state,
                connection=studio,
                connection_label="Studio A",
                media_id="449",
                person="Omar",
                role="operator",
                request_id="r",
                token=uuid.uuid4(),
                sent_at=timezone.now() - timedelta(days=days),
            )
    finally:
        migrate(newest)
    after = Connection.objects.get()
    assert (after.connection_id, after.tail) == (make.SMALL_ID, make.SMALL_ID[-4:])
    assert Connection.objects.find_by_raw_id(make.SMALL_ID) == after
    states = Removal.objects.order_by("sent_at").values_list("state", flat=True)
    assert list(states) == ["unresolved", "unknown", "deleted"]
    assert triggers.find_missing() == []
    assert "connection_id" not in columns_of("dashboard_connection")


def read_lists(jobs: list[Job]) -> list[object]:
    """What the lists of the audit show of these bulk removals."""
    history = AuditReader(Person("Ada", "", Role.ADMIN))
    numbers = [[event.sequence for event in history.iterate_events(AuditQuery(job=job.pk))] for job in jobs]
    begun = [history.find_beginning(job.pk) for job in jobs]
    events = history.read_page(AuditQuery()).events
    lines = {job: (line.word, line.outcomes, line.freed) for job, line in summarize_begun(events).items()}
    return [numbers, begun, [event.sequence for event in events], lines]


def test_old_events_that_begin_a_bulk_removal_are_given_their_job(newest: str) -> None:
    small = make.connection("small")
    # The reason tries to name another job than the line's own field.
    reasons = ("asked for", f'"job":"{uuid.UUID(int=7)}"')
    intents = [Intent(make.OMAR, uuid.uuid4(), "ZD-1", reason) for reason in reasons]
    jobs = [bulk.begin(small, intent, [uuid.uuid4().hex, uuid.uuid4().hex]).job for intent in intents]
    assert bulk.stop(jobs[0], make.OMAR)
    make.event(of=small)
    written = list(Event.objects.values_list("sequence", "line", "hash"))
    before = read_lists(jobs)
    migrate("0008_answer_status")
    assert "begun_job" not in columns_of("dashboard_event")
    assert triggers.find_missing() == []
    migrate(newest)
    assert dict(Event.objects.filter(begun_job__isnull=False).values_list("sequence", "begun_job")) == {
        number: job.pk for number, job in enumerate(jobs, 1)
    }
    assert read_lists(jobs) == before
    assert list(Event.objects.values_list("sequence", "line", "hash")) == written
    assert audit.verify().broken is None
    assert audit.find_difference() is None
    assert triggers.find_missing() == []


def test_however_many_old_events_begin_one_each_is_given_its_job(newest: str) -> None:
    migrate("0008_answer_status")
    event = apps_of("0008_answer_status").get_model("dashboard", "Event")
    numbers = [uuid.uuid4() for _ in range(1203)]
    lines = [json.dumps({"result": {"job": str(number)}}) for number in numbers]
    tampered = ["", "[", "{}", "[]", '{"result":{"job":7}}', '{"result":{"job":"x"}}', '{"result":[]}']
    usual = {
        "at": timezone.now(),
        "code": "media.bulk.planned",
        "verb": "bulk",
        "outcome": "planned",
        "hash": "-",
    }
    made = [event(sequence=n, line=line, **usual) for n, line in enumerate([*lines, *tampered], 1)]
    export = {**usual, "code": "media.export.planned", "verb": "export"}
    made.append(event(sequence=len(made) + 1, line=lines[0], **export))
    event.objects.bulk_create(made)
    migrate(newest)
    found = Event.objects.order_by("sequence").values_list("begun_job", flat=True)
    assert list(found) == [*numbers, *[None] * (len(tampered) + 1)]
    with as_owner(), pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(begun_job=None)


def test_old_shared_views_get_the_groups_of_their_authors(newest: str) -> None:
    migrate("0010_event_numbers")
    old = apps_of("0010_event_numbers")
    old.get_model("dashboard", "Connection").objects.create(
        slug="small",
        label="Small",
        groups=["alpha"],
        sealed_id=encryption.encrypt(make.SMALL_ID),
        id_digest=encryption.compute_digest(make.SMALL_ID),
        tail=make.SMALL_ID[-4:],
    )
    seen = {"issuer": "sso", "name": "Ada", "last_seen_at": timezone.now()}
    shared = {"issuer": "sso", "person": "Ada", "is_shared": True}
    try:
        for subject, groups in (("a", ["alpha", "staff"]), ("b", ["staff"])):
            old.get_model("dashboard", "Account").objects.create(subject=subject, groups=groups, **seen)
        for subject in ("a", "b", "never seen"):
            old.get_model("dashboard", "SavedView").objects.create(subject=subject, name=subject, **shared)
    finally:
        migrate(newest)
    assert list(SavedView.objects.order_by("name").values_list("name", "is_shared", "groups")) == [
        ("a", True, ["alpha"]),
        ("b", True, []),
        ("never seen", False, []),
    ]
    assert Connection.objects.get().connection_id == make.SMALL_ID
    assert audit.find_changed_row() is None
    migrate("0010_event_numbers")
    assert encryption.decrypt(Connection.objects.values_list("sealed_id", flat=True)[0]) == make.SMALL_ID


def test_a_row_that_no_key_opens_is_left_for_somebody_to_confirm(newest: str) -> None:
    migrate("0011_groups_of_views")
    rows = apps_of("0011_groups_of_views").get_model("dashboard", "Connection").objects
    rows.create(slug="small", label="Small", sealed_id="of a lost key", id_digest="0", tail="0000")
    migrate(newest)
    assert audit.find_changed_row() == ("connection small", "was changed outside the dashboard")
