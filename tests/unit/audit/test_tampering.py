"""What a hand does that has the database and old keys: `audit_verify` names each kind.

The table in docs/audit.md has a row for each of these kinds, with these words.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from django.core.management import CommandError
from django.test import override_settings
from django.utils import timezone

from dashboard import accounts, connections
from dashboard.audit import triggers
from dashboard.identity import Caller, Person
from dashboard.models import Connection, Event, Job, Removal, RemovalState
from dashboard.removals import bulk, ledger
from dashboard.removals.ledger import Intent
from tests import make
from tests.make import OMAR
from tests.unit.audit.hands import (
    NEW_AUDIT,
    NEW_DATA,
    OLD_AUDIT,
    OLD_DATA,
    add_event,
    change,
    change_removal,
    connection,
    copy_event,
    drop_trigger,
    first,
    last,
    put_back_older_row,
    sign_by_old_key,
    sql,
    swap_ids,
    take_away,
    take_removal_away,
    verified,
)

DOCS: Final = Path(__file__).resolve().parents[3] / "docs" / "audit.md"
pytestmark = pytest.mark.usefixtures("owner")


@pytest.fixture
def past(db: None) -> Iterator[None]:
    """A record that holds: connections, an account, a deletion; the oldest events have an old key."""
    for slug in ("alpha", "beta"):
        connections.add(OMAR, f"conn_canary_{slug}_00000000", slug=slug, label=slug.title(), groups=["legal"])
    alpha, beta = Connection.objects.all()
    with override_settings(
        DASHBOARD_AUDIT_KEYS=[NEW_AUDIT, OLD_AUDIT], DASHBOARD_DATA_KEYS=[NEW_DATA, OLD_DATA]
    ):
        connections.rekey(OMAR)
        connections.archive(OMAR, beta)
        accounts.accounts.forget()
        accounts.record_visit(
            Person("Vera", "", None, issuer="sso", subject="vera", groups=("legal",)), Caller()
        )
        row = ledger.open_row(
            alpha, Intent(OMAR, uuid.uuid4(), "ZD-1", "asked"), verb=Removal.Verb.DELETE, media_id="41"
        )
        ledger.move(row, RemovalState.DELETED, OMAR, freed_bytes=7, result={"freed_bytes": 7})
        bulk.begin(alpha, Intent(OMAR, uuid.uuid4(), "ZD-2", "asked"), ["61", "62"])
        assert "holds" in verified()
        yield


class Kind(NamedTuple):
    """A kind of tampering: what it does, and what `audit_verify` says of it."""

    tamper: Callable[[], object]
    words: str
    lifts_guards: bool = True


KINDS: Final = {
    "an event's line is changed": Kind(
        lambda: change("event", "sequence = 3", line=last().line), "Event 3 was changed after it was written"
    ),
    "the newest event is signed anew by an old key": Kind(
        lambda: copy_event(last(), last().sequence, OLD_AUDIT, reason="another"),
        r"Event \d+ was sealed by an older key than an event before it",
    ),
    "the newest event is made up by an old key": Kind(
        lambda: add_event(last(), OLD_AUDIT, last().sequence + 1),
        r"Event \d+ was sealed by an older key than an event before it",
    ),
    "an old event is signed anew by its own old key": Kind(
        lambda: copy_event(Event.objects.get(sequence=2), 2, OLD_AUDIT, reason="another"),
        "Event 3 does not follow the event before it",
    ),
    "an event is taken away": Kind(
        take_away("event", "sequence = 3"), "Event 4 follows 2: what stood between them is missing"
    ),
    "the first events are taken away": Kind(
        take_away("event", "sequence < 3"), "Event 3 follows 0: what stood between them is missing"
    ),
    "an event is copied over another": Kind(
        lambda: change("event", "sequence = 4", line=first().line, hash=first().hash),
        "Event 4 is a copy of 1",
    ),
    "an event's filter column is changed": Kind(
        lambda: change("event", "sequence = 3", connection="other"),
        "Event 3 has another connection in its column than in its line",
    ),
    "an event's time is changed": Kind(
        lambda: change("event", "sequence = 3", at=timezone.now()),
        "Event 3 has another time in its column than in its line",
    ),
    "an event is taken off its removal": Kind(
        lambda: Event.objects.filter(removal__isnull=False).update(removal=None),
        r"Event \d+ has another removal in its column than in its line",
    ),
    "an event far ahead leaves no number for others": Kind(
        lambda: add_event(last(), OLD_AUDIT, 2**53 - 1),
        r"Event \d+ follows \d+: what stood between them is missing",
    ),
    "a trigger is taken away, or guards less": Kind(
        lambda: drop_trigger("dashboard_event_in_order"),
        "a guard of the table is gone: dashboard_event_in_order",
        lifts_guards=False,
    ),
    "a removal's outcome is changed": Kind(
        change_removal(state="not_removed"), r"removal \S+ is not_removed, and its last event says deleted"
    ),
    "a removal's person is changed": Kind(
        change_removal(person="Ada"), r"removal \S+ has another person than its events"
    ),
    "a removal's item is changed": Kind(
        change_removal(media_id="42"), r"removal \S+ has another media_id than its events"
    ),
    "a removal's time is changed": Kind(
        change_removal(sent_at=timezone.now()), r"removal \S+ has another sent_at than its events"
    ),
    "what the service answered is changed": Kind(
        change_removal(service_text="It was not there."),
        r"removal \S+ has another service_text than its events",
    ),
    "a removal's bytes are changed": Kind(
        change_removal(freed_bytes=0), r"removal \S+ has another freed_bytes than its events"
    ),
    "a removal's label is changed": Kind(
        change_removal(connection_label="Beta"), r"removal \S+ has another connection_label than its events"
    ),
    "a removal is given to another connection": Kind(
        lambda: change("removal", "media_id = '41'", connection_id=connection("beta").pk),
        r"removal \S+ has another connection than its events",
    ),
    "a removal is closed by hand": Kind(
        change_removal(closed_at=timezone.now()), r"removal \S+ is closed, and no event says so"
    ),
    "a removal is made up": Kind(lambda: make.removal(connection("alpha")), r"removal \S+ has no event"),
    "a removal is made up without an issuer": Kind(
        lambda: make.removal(connection("alpha"), issuer=""), r"removal \S+ has no event"
    ),
    "a removal is taken away with its events' hold on it": Kind(
        take_removal_away, r"Event \d+ has another removal in its column than in its line"
    ),
    "an item is added to a bulk removal": Kind(
        lambda: make.removal(connection("alpha"), job=Job.objects.get(), media_id="63", state="planned"),
        r"bulk removal \S+ has 3 items, and its event says 2",
    ),
    "an item of a bulk removal becomes another": Kind(
        lambda: change("removal", "media_id = '62'", media_id="63"),
        r"bulk removal \S+ is of other items than its event says",
    ),
    "an item that is still to be sent is cancelled": Kind(
        lambda: change("removal", "media_id = '62'", state="cancelled"),
        r"bulk removal \S+ has 1 cancelled items, and its events say 0",
    ),
    "a bulk removal is given to another person": Kind(
        lambda: change("job", "kind = 'remove'", subject="zed"),
        r"bulk removal \S+ has another subject than its event",
    ),
    "a connection is opened to other groups": Kind(
        lambda: change("connection", "slug = 'alpha'", groups="[]"),
        "connection alpha has another groups than its events",
    ),
    "an archived connection is brought back": Kind(
        lambda: change("connection", "slug = 'beta'", archived_at=None),
        "connection beta has another archived than its events",
    ),
    "a connection is archived": Kind(
        lambda: change("connection", "slug = 'alpha'", archived_at=timezone.now()),
        "connection alpha has another archived than its events",
    ),
    "the ids of two connections are exchanged": Kind(
        swap_ids, "connection alpha was changed outside the dashboard"
    ),
    "a connection gets another label": Kind(
        lambda: change("connection", "slug = 'alpha'", label="Beta 2"),
        "connection alpha has another label than its events",
    ),
    "a connection gets another name in links": Kind(
        lambda: change("connection", "slug = 'beta'", slug="gamma"),
        "connection gamma is there, and no event added it",
    ),
    "a connection's last digits are changed": Kind(
        lambda: change("connection", "slug = 'alpha'", tail="9999"),
        "connection alpha was changed outside the dashboard",
    ),
    "a connection is signed by an old key": Kind(
        lambda: sign_by_old_key(connection("alpha"), tail="9999"),
        "connection alpha is not as its last event left it: an older row was put back",
    ),
    "an older row of a connection is put back": Kind(
        put_back_older_row, "connection alpha is not as its last event left it: an older row was put back"
    ),
    "a connection is signed by a made-up key": Kind(
        lambda: change("connection", "slug = 'alpha'", signature=f"{'0' * 8}:{'0' * 64}"),
        "connection alpha was signed by a key that is not among DASHBOARD_DATA_KEYS",
    ),
    "a connection's signature is taken away": Kind(
        lambda: change("connection", "slug = 'alpha'", signature=""),
        "connection alpha was changed outside the dashboard",
    ),
    "a connection is made up": Kind(
        lambda: make.connection("gamma"), "connection gamma is there, and no event added it"
    ),
    "a connection is taken away": Kind(
        lambda: sql("DELETE FROM dashboard_connection WHERE slug = 'beta'"),
        "connection beta is gone, or has another name in links, but its events are there",
    ),
    "an account is given another group": Kind(
        lambda: change("account", "subject = 'vera'", groups='["admins"]'),
        r"account \d+ was changed outside the dashboard",
    ),
    "an account is made younger": Kind(
        lambda: change("account", "subject = 'vera'", last_seen_at=timezone.now()),
        r"account \d+ was changed outside the dashboard",
    ),
    "an account is given to another person": Kind(
        lambda: change("account", "subject = 'vera'", subject="zed"),
        r"account \d+ was changed outside the dashboard",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_named(past: None, kind: str) -> None:
    tamper, words, lifts_guards = KINDS[kind]
    with triggers.suspend() if lifts_guards else nullcontext():
        tamper()
    with pytest.raises(CommandError, match=words):
        verified()


def test_the_table_in_the_docs_names_each_kind_with_its_words() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    told = {kind.strip(): words.strip().strip("`") for kind, words in rows}
    for kind, (_, words, _) in KINDS.items():
        told_words = told[kind].replace("NUMBER", "7").replace("ID", str(uuid.UUID(int=7)))
        assert re.search(words, told_words), kind
