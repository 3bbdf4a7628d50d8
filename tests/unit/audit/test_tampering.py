"""What a hand does that has the database and old keys: `audit_verify` names each kind.

The table in docs/audit.md has a row for each of these kinds, with these words.
"""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test import override_settings
from django.utils import timezone

from dashboard import accounts, connections, encryption
from dashboard.audit import chain, triggers
from dashboard.identity import Caller, Person
from dashboard.models import Connection, Event, Removal, RemovalState
from dashboard.models.signed import write_signed_text
from dashboard.removals import ledger
from dashboard.removals.ledger import Intent
from tests import make
from tests.environment import MADE_UP
from tests.make import OMAR

DOCS: Final = Path(__file__).resolve().parents[3] / "docs" / "audit.md"
OLD_AUDIT: Final = MADE_UP["DASHBOARD_AUDIT_KEYS"]
NEW_AUDIT: Final = "canary-newer-audit-key-Kq2Zt-0123456789abcdef"
OLD_DATA: Final = MADE_UP["DASHBOARD_DATA_KEYS"]
NEW_DATA: Final = "canary-newer-data-key-Mw4Rs-0123456789abcdef"

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
        assert "holds" in verified()
        yield


def verified(**options: Any) -> str:
    out = io.StringIO()
    call_command("audit_verify", stdout=out, **options)
    return out.getvalue()


def sql(statement: str, *values: Any) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement, values)


def change(table: str, where: str, /, **columns: Any) -> None:
    """Write these columns, as whoever has the database does."""
    names = ", ".join(f"{name} = %s" for name in columns)
    sql(f"UPDATE dashboard_{table} SET {names} WHERE {where}", *columns.values())


def copy_event(of: Event, number: int, key: str, **facts: Any) -> None:
    """Write an event's line over the one of this number, with these facts, signed by this key."""
    line = json.loads(of.line) | facts | {"key": chain._name_key(key)}
    text = chain.write_canonical(line)
    columns = {"line": text, "hash": chain.sign(text, key)}
    columns |= {name: value for name, value in facts.items() if name in ("ticket", "media_id", "connection")}
    Event.objects.filter(sequence=number).update(**columns)


def last() -> Event:
    return Event.objects.latest("sequence")


def swap_ids() -> None:
    alpha, beta = Connection.objects.order_by("slug").values("sealed_id", "id_digest")
    change("connection", "slug = 'alpha'", id_digest="-")
    change("connection", "slug = 'beta'", **alpha)
    change("connection", "slug = 'alpha'", **beta)


def sign_by_old_key(row: Any, **columns: Any) -> None:
    """Change a row and sign it by the key that was exchanged."""
    for name, value in columns.items():
        setattr(row, name, value)
    text = write_signed_text(row, row.SIGNED)
    with override_settings(DASHBOARD_DATA_KEYS=[OLD_DATA]):
        signature = encryption.sign(text)
    type(row)._default_manager.filter(pk=row.pk).update(**columns, signature=signature)


def connection(slug: str) -> Connection:
    return Connection.objects.get(slug=slug)


def put_back_older_row() -> None:
    """Have the dashboard sign the rows anew, then write one of them as it was before."""
    before = Connection.objects.filter(slug="alpha").values()[0]
    connections.rekey(OMAR)
    Connection.objects.filter(slug="alpha").update(**before)


class Kind(NamedTuple):
    """A kind of tampering: what it does, and what `audit_verify` says of it."""

    tamper: Callable[[], object]
    words: str


KINDS: Final = {
    "an event's line is changed": Kind(
        lambda: change("event", "sequence = 3", line=last().line), "Event 3 was changed after it was written"
    ),
    "the newest event is signed anew by an old key": Kind(
        lambda: copy_event(last(), last().sequence, OLD_AUDIT, reason="another"),
        r"Event \d+ was sealed by an older key than an event before it",
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


@contextmanager
def without_guards() -> Iterator[None]:
    with triggers.suspend():
        yield


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_named(past: None, kind: str) -> None:
    with without_guards():
        KINDS[kind].tamper()
    with pytest.raises(CommandError, match=KINDS[kind].words):
        verified()


def test_the_table_in_the_docs_names_each_kind_with_its_words() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    told = {kind.strip(): words.strip().strip("`") for kind, words in rows}
    for kind, (_, words) in KINDS.items():
        told_words = told[kind].replace("NUMBER", "7").replace("ID", str(uuid.UUID(int=7)))
        assert re.search(words, told_words), kind
