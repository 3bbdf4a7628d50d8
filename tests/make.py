"""What tests are made of: connections, removals, browsers that are signed in."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import replace
from functools import cache
from typing import Any, Final

from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from dashboard import audit, service
from dashboard.identity import Caller, Person, Role
from dashboard.lookups.store import LOOKUP_LIFETIME
from dashboard.models import Connection, Event, Job, Lookup, Removal, RemovalState, SavedView
from dashboard.removals.actions import delete_item, purge
from dashboard.removals.impact import Impact, find_last_ended
from dashboard.removals.ledger import CALL_LEASE, Intent
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaItem, MediaQuery, Variant
from dashboard.web.presenters.usage import summarize_page
from tests import assertions
from tests.answers import csrf_token
from tests.environment import API_KEY as API_KEY

SMALL_ID: Final = "conn_canary_small_0000000000a1b2"
BIG_ID: Final = "conn_canary_big_000000000000c3d4"
EMPTY_ID: Final = "conn_canary_empty_0000000000e5f6"
NEW_ID: Final = "conn_canary_new_0000000000000f7a8"

DAY_MS: Final = 24 * 60 * 60 * 1000
HTMX: Final = {"HX-Request": "true"}


class Browser(Client):
    """A browser over https, as every one in production is."""

    def generic(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["secure"] = True
        return super().generic(*args, **kwargs)

    def fragment(self, path: str, data: Any = None, *, method: str = "get", **headers: str) -> Any:
        """The same address as htmx asks for it."""
        return getattr(self, method)(path, data, headers={**HTMX, **headers})


def connection(slug: str = "small", **fields: Any) -> Connection:
    """A saved connection; its label is the slug and its id is made up unless given."""
    made = new_connection(slug, **fields)
    made.save()
    return made


def new_connection(slug: str, **fields: Any) -> Connection:
    """The same, to be saved."""
    connection_id = fields.pop("connection_id", f"conn_{uuid.uuid4().hex}")
    made = Connection(slug=slug, **{"label": slug.capitalize(), **fields})
    made.set_connection_id(connection_id)
    return made


def rewrite(rows: Any, **columns: Any) -> None:
    """Change these connections or accounts as the dashboard itself does, with their signatures."""
    for row in rows.all():
        for name, value in columns.items():
            setattr(row, name, value)
        row.save()


def removal(of: Connection, **fields: Any) -> Removal:
    """A saved record of a removal of connection `of`: a settled delete of one item unless said otherwise."""
    usual: dict[str, Any] = {
        "verb": Removal.Verb.DELETE,
        "state": RemovalState.DELETED,
        "connection": of,
        "connection_label": of.label,
        "media_id": "4492994399",
        "person": "Omar Haddad",
        "issuer": "demo",
        "subject": "omar",
        "role": "operator",
        "ticket": "ZD-1",
        "request_id": uuid.uuid4().hex,
        "token": uuid.uuid4(),
        "sent_at": timezone.now(),
        "settled_at": timezone.now(),
        "freed_bytes": 1_234_567,
    }
    made = Removal(**{**usual, **fields})
    if made.state == RemovalState.SENT and made.lease_until is None:
        made.lease_until = made.sent_at + CALL_LEASE[Removal.Verb(made.verb)]
    made.save()
    return made


def job(of: Connection, **fields: Any) -> Job:
    """A saved job of connection `of`: a bulk removal that waits, unless said otherwise; nothing queues it."""
    usual: dict[str, Any] = {
        "kind": Job.Kind.REMOVE,
        "connection": of,
        "connection_label": of.label,
        "person": "Omar Haddad",
        "email": "omar@example.com",
        "issuer": "demo",
        "subject": "omar",
        "role": "operator",
        "ticket": "ZD-1",
        "token": uuid.uuid4(),
    }
    made = Job(**{**usual, **fields})
    made.save()
    return made


def saved_view(name: str, **fields: Any) -> SavedView:
    """Saved by somebody else, for every connection and not shared, unless said otherwise."""
    usual = {"issuer": "demo", "subject": "gone", "person": "Gerda Gone"}
    return SavedView.objects.create(name=name, **{**usual, **fields})


def lookup(of: list[Connection], **fields: Any) -> Lookup:
    """A saved look-up in these connections: of one id, by the viewer, not asked yet unless said otherwise."""
    usual = {"ids": ["1"], "issuer": "demo", "subject": "vera", "person": "Vera Lind"}
    made = Lookup(**{**usual, **fields})
    made.expires_at = fields.get("expires_at") or made.created_at + LOOKUP_LIFETIME
    made.save()
    made.connections.set(of)
    return made


def event(code: str = "media.delete.deleted", of: Connection | None = None, **facts: Any) -> Event:
    """A recorded event: that an operator deleted an item, unless said otherwise."""
    usual = {"media_id": "4492994399", "ticket": "ZD-1"} if code.startswith("media.") else {}
    return audit.record(code, facts.pop("caller", OMAR), connection=of, **{**usual, **facts})


def variant(**fields: Any) -> Variant:
    """A stored picture of 1,000 bytes, seen a day ago, its link good for an hour, unless said otherwise."""
    now = int(time.time() * 1000)
    usual: dict[str, Any] = {
        "status": "stored",
        "quality": "full",
        "size_bytes": 1000,
        "content_type": "image/jpeg",
        "access_count": 1,
        "created_ms": now - DAY_MS,
        "expires_ms": now + DAY_MS // 24,
        "stored_ms": now - DAY_MS,
        "last_accessed_ms": 0,
        "url": "https://media.ofauth.com/v2/abc",
    }
    return Variant(**{**usual, **fields})


def item(media_id: str = "4492994399", /, **variants: Variant) -> MediaItem:
    """An image with these variants by label."""
    return MediaItem(id=media_id, type="image", duration=None, media=variants)


def signed_in(role: str, **options: Any) -> Browser:
    """A browser of the demo's person with this role."""
    browser = Browser(**options)
    if options:
        assert _sign_in_with_token(browser, role).status_code == 303
    else:
        browser.cookies.load(_sign_in(role))
    return browser


@cache
def _sign_in(role: str) -> str:
    """Press the person's button, once in a run, and return the cookies: thousands of browsers start so."""
    browser = Browser()
    answer = browser.post("/sign-in/", {"role": role})
    assert answer.status_code == 303, answer.content
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in browser.cookies.values())


def assertion_browser(
    *groups: str, subject: str = "u-1", enforce_csrf_checks: bool = False, **claims: Any
) -> Browser:
    """A browser behind the tests' sign-on, in these groups; with the fixture `behind_sign_on`.

    `assertions.GROUPS["admin"]` is the group that makes an admin; `claims` change the assertion's.
    """
    assertion = assertions.token(sub=subject, groups=list(groups), **claims)
    return Browser(enforce_csrf_checks, headers={assertions.HEADER: assertion})


def _sign_in_with_token(browser: Browser, role: str) -> Any:
    token = csrf_token(browser.get("/sign-in/"))
    return browser.post("/sign-in/", {"role": role, "csrfmiddlewaretoken": token}, headers=REFERRED)


REFERRED: Final = {"Referer": "https://testserver/"}


OMAR: Final = Caller(
    Person("Omar Haddad", "omar@example.com", Role.OPERATOR, issuer="demo", subject="omar", mode="demo"),
    address="192.0.2.7",
    agent="Firefox",
    request_id="r",
)
"""An operator at their screen."""


def omar(**changes: Any) -> Caller:
    """The same screen, with a person who is in these things somebody else."""
    assert OMAR.person
    return replace(OMAR, person=replace(OMAR.person, **changes))


def remove(of: Connection, media_id: str = "", **said: Any) -> Removal:
    """Remove an item, or everything where none is named, as an operator; the record as it was saved."""
    usual = {"caller": OMAR, "ticket": "ZD-1", "reason": "asked for", "token": uuid.uuid4()}
    intent = Intent(**{**usual, **said})
    record = delete_item(of, media_id, intent) if media_id else purge(of, intent, shown(of))
    record.refresh_from_db()
    return record


def shown(of: Connection) -> Impact:
    """What the question of a purge shows now."""
    last_ended = find_last_ended(of)
    page = service.read_first_pages(of)
    return Impact.of(page, summarize_page(page).record(), last_ended)


LARGE_IMPACT: Final = Impact({"items_seen": 1000, "variants_seen": 1000}, "", [], 0, is_whole=False)
"""What was shown of a connection so large that a few items make no difference, and no removal before it."""


def facts_of(code: str) -> dict[str, Any]:
    """What the one event of this code tells."""
    facts: dict[str, Any] = json.loads(Event.objects.get(code=code).line)
    return facts


def facts_of_all(code: str) -> list[dict[str, Any]]:
    """What the events of this code tell, first to last."""
    lines = Event.objects.filter(code=code).order_by("sequence").values_list("line", flat=True)
    return [json.loads(line) for line in lines]


def no_events(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """For `execute_wrapper`: a database that takes everything but events."""
    if sql.startswith('INSERT INTO "dashboard_event"'):
        raise OperationalError("database or disk is full")
    return execute(sql, params, many, context)


def plain_ids(of: Connection, query: MediaQuery) -> list[str]:
    """The ids of one page of the connection's items, without the odd ones."""
    page = service.list_media(of, query)
    return [item.id for item in page.readable if item.id.isdecimal()]


def operations(sandbox: Sandbox) -> list[str]:
    """What reached the service, in order."""
    return [call.operation for call in sandbox.calls]


def deletes(sandbox: Sandbox) -> list[str]:
    """The paths of every destructive call that reached the service."""
    return [call.path for call in sandbox.calls if call.method == "DELETE"]


UPSTREAM_TROUBLE: Final = [
    ({"status": 401, "body": {"error": "Unauthorized"}}, 502, "key"),
    ({"status": 403, "body": {"error": "Scope"}}, 502, "key"),
    ({"status": 429, "headers": {"Retry-After": "7"}}, 503, "7 s"),
    ({"status": 503, "headers": {"Retry-After": "7"}}, 503, "7 s"),
    ({"status": 500}, 502, "service"),
    ({"status": 200, "body": "<html>maintenance</html>"}, 502, "service"),
    ({"status": 200, "body": "[]"}, 502, "service"),
    ({"cut": True}, 502, "service"),
    ({"close": True}, 504, "service"),
    ({"status": 302, "headers": {"Location": "/v2/vault-plus/media"}}, 502, "service"),
]
"""Faults of the service, the status our answer has for each, and a word that it says."""


def work_off() -> int:
    """Run what is queued, as a worker would, until nothing is left to run; how many tasks that were."""
    done = 0
    while task := DBTaskResult.objects.ready().first():
        task.claim("tests")
        task.task.call(*task.args_kwargs["args"])
        task.set_successful(None)
        done += 1
    return done
