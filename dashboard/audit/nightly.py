"""Every night the worker verifies the last days; what it finds is an event, which pages and probes read."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from dashboard import schema
from dashboard.identity import Caller, Person
from dashboard.models import Event
from dashboard.outages import outages

from . import triggers
from .chain import find_event_fault, read_facts, verify
from .reconcile import find_difference
from .record import lock_end_of_chain, record
from .rows import find_changed_row

logger: Final = logging.getLogger(__name__)

CHECKED: Final = timedelta(days=7)
"""How far back the worker reads; `audit_verify` reads all of it."""

HOUR: Final = 2
"""The hour, in UTC, at which the check is due."""

VERIFIED: Final = "audit.verified"
BROKEN: Final = "audit.broken"
CHECKER: Final = Caller(
    Person("Vault+ dashboard", "", None, issuer="dashboard", subject="checker", mode="keeper")
)

_POLL_SECONDS: Final = 60.0
_MEMORY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class CheckState:
    """When the last days were verified last, and what did not hold; both empty if they never were."""

    checked_at: datetime | None = None
    fault: str = ""


class _Memory:
    """The state that this process read last: probes ask often, and the header of a page may ask nothing."""

    def __init__(self) -> None:
        self.state, self.until = CheckState(), float("-inf")


_memory: Final = _Memory()


def find_fault(since: datetime | None = None) -> str:
    """Return what does not hold beside the chain, as words without a full stop, or ""."""
    if missing := triggers.find_missing():
        return f"The chain holds, but a guard of the table is gone: {', '.join(missing)}"
    if strange := triggers.find_foreign():
        return f"The chain holds, but triggers or rules hang on its table: {', '.join(strange)}"
    if wrong := find_difference(since):
        return f"The chain holds, but the ledger does not: {wrong[0]} {wrong[1]}"
    if wrong := find_changed_row():
        return f"The chain holds, but another row does not: {wrong[0]} {wrong[1]}"
    return ""


def read_state() -> CheckState:
    """Return the state by the newest event that tells of a check. Raises DatabaseError."""
    told = Event.objects.filter(verb="audit", code__in=(VERIFIED, BROKEN)).order_by("-sequence")[:2]
    state = CheckState()
    for event, *earlier in [told] if told else ():
        fault = read_facts(event)["reason"] if event.code == BROKEN else ""
        if wrong := find_event_fault(event, *earlier):
            fault = f"Event {event.sequence} {wrong}"
        state = CheckState(event.at, fault)
    _memory.state, _memory.until = state, time.monotonic() + _MEMORY_SECONDS
    return state


def read_state_lately() -> CheckState:
    """Return the state as it was within the last minute. Raises DatabaseError."""
    return _memory.state if time.monotonic() < _memory.until else read_state()


def get_known_fault() -> str:
    """Return the fault that this process read last, without asking the database."""
    return _memory.state.fault


def forget() -> None:
    """Forget what this process read."""
    _memory.__init__()  # type: ignore[misc]


def start_checker(stop: threading.Event) -> None:
    """Start the thread that verifies the last days once a night until `stop` is set."""
    threading.Thread(target=run_checker, args=(stop,), name="nightly", daemon=True).start()


def run_checker(stop: threading.Event) -> None:
    """Look every minute whether the check is due. It keeps nothing waiting, and nothing ends it."""
    if not schema.wait_until_migrated(stop, "The nightly check"):
        return
    while not stop.is_set():
        try:
            close_old_connections()
            check_if_due(timezone.now())
        except Exception as error:
            outages.log_failure(error, "the nightly check failed")
        stop.wait(_POLL_SECONDS)
    connection.close()


def check_if_due(now: datetime) -> bool:
    """Verify the last days and record the result, if it is time and there is a day to look back upon."""
    if not _is_due(now):
        return False
    broken = verify(since=now - CHECKED)
    fault = f"Event {broken.broken.sequence} {broken.broken.reason}" if broken.broken else ""
    fault = fault or find_fault(now - CHECKED)
    with transaction.atomic():
        lock_end_of_chain()
        if not _is_due(now):  # another worker was faster
            return False
        result = {"events": broken.events, "last": broken.head, "days": CHECKED.days}
        record(BROKEN if fault else VERIFIED, CHECKER, reason=fault, result=result)
    read_state()
    if fault:
        logger.error("the audit does not hold: %s", fault)
    return True


def _is_due(now: datetime) -> bool:
    night = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    night -= timedelta(days=1) if night > now else timedelta()
    checked_at = read_state().checked_at
    # One of days to come was dated by a clock that was ahead, and would put off all others until then.
    is_checked = checked_at is not None and night <= checked_at < now + timedelta(days=1)
    return not is_checked and Event.objects.filter(at__lt=now - timedelta(days=1)).exists()
