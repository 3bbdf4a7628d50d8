"""Whether the worker may act for somebody: by their row, and for so long after their last visit only."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from dashboard.auth.backend import reauthorize
from dashboard.identity import Person, Role
from dashboard.models import Connection, Job
from dashboard.units import format_utc

from .lifecycle import CLOCK_SKEW

Kind = Job.Kind

NEEDED_ROLES: Final = {Kind.REMOVE: Role.OPERATOR, Kind.SCAN: Role.VIEWER, Kind.EXPORT: Role.VIEWER}


_CONNECTION_SQL: Final = "SELECT * FROM dashboard_connection WHERE id = %s AND archived_at IS NULL"
"""As SQL, for it is asked before each item of a bulk removal: the ORM takes longer to write it."""


class RightLost(Exception):
    """The person may not do this in this connection any more; the text says so."""


class StandingEnded(Exception):
    """Nobody for whom the job may go on was here lately; the text says so."""

    def __init__(self, person: str, since: datetime) -> None:
        super().__init__(
            f"{person} hasn't been here since {format_utc(since)}, so it no longer runs for them. Is it "
            "still wanted?"
        )


def check(job: Job) -> None:
    """Raise RightLost or StandingEnded unless the worker may act for the person who asked for the job.

    Where they stay away, it may act for an operator who has resumed it. Somebody whose account was changed
    outside the dashboard is away; for a connection that was, encryption.DecryptionError is raised.
    """
    person = job.caller.person
    assert person is not None  # noqa: S101 - every job has somebody who began it
    connection = next(iter(Connection.objects.raw(_CONNECTION_SQL, [job.connection_id])), None)
    if connection is None and job.kind != Kind.EXPORT:
        raise RightLost(f"{job.connection_label} was archived.")
    if connection is not None:
        connection.check_signature()
    now = reauthorize(person)
    is_known, role = now.signed_in_at is not None, NEEDED_ROLES[Kind(job.kind)]
    if connection is None or (is_known and not _may(now, role, connection)):
        act = "delete in" if job.kind == Kind.REMOVE else "see"
        raise RightLost(f"{job.person} may not {act} {job.connection_label} any more.")
    if not (_was_here_lately(now) or _may_act_for_resumer(job, connection)):
        raise StandingEnded(job.person, now.signed_in_at or job.created_at)


def _may_act_for_resumer(job: Job, connection: Connection) -> bool:
    named = Person("", "", None, issuer=job.resumed_by_issuer, subject=job.resumed_by_subject)
    resumer = reauthorize(named)
    return _may(resumer, Role.OPERATOR, connection) and _was_here_lately(resumer)


def _may(person: Person, role: Role, connection: Connection) -> bool:
    return person.may(role) and connection.is_open_to(person.groups)


def _was_here_lately(person: Person) -> bool:
    if person.signed_in_at is None:
        return False
    age = timezone.now() - person.signed_in_at
    return -CLOCK_SKEW <= age < timedelta(hours=settings.DASHBOARD_STANDING_HOURS)
