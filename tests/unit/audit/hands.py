"""What a hand does that has the database, and the keys that were exchanged."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, Final

from django.core.management import call_command
from django.db import connection as database
from django.test import override_settings

from dashboard import connections, encryption
from dashboard.audit import chain
from dashboard.models import Connection, Event, Removal
from dashboard.models.signed import write_signed_text
from tests.environment import MADE_UP
from tests.make import OMAR

OLD_AUDIT: Final = MADE_UP["DASHBOARD_AUDIT_KEYS"]
NEW_AUDIT: Final = "canary-newer-audit-key-Kq2Zt-0123456789abcdef"
OLD_DATA: Final = MADE_UP["DASHBOARD_DATA_KEYS"]
NEW_DATA: Final = "canary-newer-data-key-Mw4Rs-0123456789abcdef"


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


def first() -> Event:
    return Event.objects.earliest("sequence")


def drop_trigger(name: str) -> None:
    if database.vendor == "postgresql":
        sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql(f"DROP TRIGGER {name}{' ON dashboard_event' if database.vendor == 'postgresql' else ''}")


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


def add_event(of: Event, key: str, number: int, **facts: Any) -> None:
    """Add an event to the end, signed by this key: another's line with these facts."""
    facts = {"sequence": number, "previous": last().hash, "at": chain.format_time(of.at), **facts}
    Event.objects.bulk_create([Event(**{**Event.objects.filter(pk=of.pk).values()[0], "sequence": number})])
    copy_event(of, number, key, **facts)


def removal() -> Removal:
    return Removal.objects.get(media_id="41")


def change_removal(**columns: Any) -> Callable[[], None]:
    return lambda: change("removal", "media_id = '41'", **columns)


def take_away(table: str, where: str) -> Callable[[], None]:
    return lambda: sql(f"DELETE FROM dashboard_{table} WHERE {where}")


def take_removal_away() -> None:
    """Take the row away, which no event refers to any more while the database looks."""
    number = removal().pk
    Event.objects.filter(removal=number).update(removal=None)
    Removal.objects.filter(pk=number).delete()
