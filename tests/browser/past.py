"""A past for pictures: what a busy week leaves in the record. `program.manage("shell", "-c", …)` calls it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.identity import Caller
from dashboard.models import Connection, Removal
from tests.browser import past_runs, past_scans
from tests.browser.numbers import DONE, OUT, TRIED, UNRESOLVED
from tests.make import event, removal, saved_view

AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
BEFORE: Final = {
    "type": "video",
    "duration": 72.4,
    "variants": [
        {
            "label": label,
            "status": "stored",
            "content_type": kind,
            "size_bytes": size,
            "access_count": count,
            "created_at": "2026-11-02T09:14:07.120Z",
            "stored_at": "2026-11-02T09:15:40.002Z",
            "last_accessed_at": "2026-11-20T17:03:55.871Z",
        }
        for label, kind, size, count in (
            ("thumb", "image/jpeg", 48_210, 1204),
            ("720", "video/mp4", 4_120_000, 311),
            ("1080", "video/mp4", 8_204_118, 96),
        )
    ],
}


def write() -> None:
    """Removals in several states with their steps, scans, and what else people do."""
    past_scans.write()
    studio, creator = (Connection.objects.get(slug=slug) for slug in ("studio-a", "creator-b"))
    omar, ada, vera = (Caller(DEMO_PEOPLE[who], "192.0.2.17", AGENT, f"7f3c9a{who:x<26}") for who in ROLES)
    event(
        "access.refused", caller=Caller(None, "203.0.113.9", "curl/8.14"), reason="The assertion has expired."
    )
    event("access.denied", caller=vera, reason="/c/studio-a/purge/ needs admin")
    event("connection.changed", studio, caller=ada, before={"label": "Studio"}, result={"label": "Studio A"})
    first = carried_out(studio, omar, TRIED, ("sent", "unknown", "verified_present"), ticket="ZD-4711")
    carried_out(studio, omar, DONE, ("sent", "deleted"), ticket="ZD-4711", retry_of=first, attempt=2)
    for number, (outcome, ticket) in enumerate(WEEK):
        who, connection = (omar, studio) if number % 3 else (ada, creator)
        carried_out(connection, who, None, ("sent", outcome), ticket=ticket, media_id=f"44929943{number:02}")
    everything = {
        "verb": Removal.Verb.PURGE,
        "media_id": "",
        "purged_variants": 4812,
        "freed_bytes": 61_204_118_000,
        "sent_at": timezone.now() - timedelta(days=2),
    }
    carried_out(creator, ada, None, ("sent", "deleted"), ticket="LEGAL-88", **everything)
    ago = timezone.now() - timedelta(hours=3)
    steps = ("sent", "unknown", "unresolved")
    carried_out(studio, omar, UNRESOLVED, steps, ticket="ZD-4805", media_id="4492994488", sent_at=ago)
    out = {"settled_at": None, "lease_until": timezone.now() + timedelta(days=1)}
    carried_out(creator, omar, OUT, ("sent",), ticket="ZD-4810", media_id="4492994491", **out)
    save_views(studio)
    past_runs.write(studio, creator, omar, ada)
    event("audit.exported", caller=vera, result={"format": "csv", "filters": {"ticket": "ZD-4711"}})


def save_views(studio: Connection) -> None:
    """Some of an operator's own and some that are shared."""
    own = {"subject": "omar", "person": "Omar Haddad"}
    saved_view("Longest clips", query="type=video&sort=duration_desc", **own)
    saved_view(
        "Stored this year",
        connection=studio,
        query="status=stored&createdAtFrom=2026-01-01T00%3A00%3A00.000Z",
        **own,
    )
    shared = {"subject": "ada", "person": "Ada Brandt", "is_shared": True}
    saved_view(
        "Pictures that only the edge has, oldest first",
        query="status=edge_only&type=image&sort=createdAt_asc",
        **shared,
    )
    saved_view("Audio", connection=studio, query="type=audio", **shared)


ROLES: Final = ("operator", "admin", "viewer")
WEEK: Final = (
    ("deleted", "ZD-4699"),
    ("already_gone", "ZD-4702"),
    ("rejected", ""),
    ("deleted", "ZD-4703"),
    ("not_removed", "a long ticket of another help desk: 2026/11/20-000123"),
    ("refused", "ZD-4704"),
    ("recached", "ZD-4709"),
)


def carried_out(
    of: Connection, who: Caller, number: str | None, steps: tuple[str, ...], **fields: Any
) -> Removal:
    """A removal that went through these steps."""
    person = who.person
    assert person is not None
    gone = steps[-1] == "deleted"
    usual = {
        "state": steps[-1],
        "person": person.name,
        "email": person.email,
        "before": {} if fields.get("verb") else BEFORE,
        "freed_bytes": 12_372_328 if gone else None,
        "reason": f"Requested in {fields['ticket']}" if fields["ticket"] else "",
    }
    made = removal(of, **{**({"id": number} if number else {}), **usual, **fields})
    for step in steps:
        first, last = step == "sent", step == steps[-1]
        result = {"status": 200, "success": gone, "freed_bytes": made.freed_bytes, "duration_ms": 84}
        event(
            f"{'media.delete' if made.media_id else 'connection.purge'}.{step}",
            of,
            caller=who,
            removal=made,
            media_id=made.media_id,
            ticket=made.ticket,
            reason=made.reason,
            before=made.before if first else None,
            result=result
            if last and gone
            else {}
            if first
            else {"error": "The answer was lost.", "status": None},
        )
    return made
