"""What the worker does when the service does not answer as it should: it waits, and tries again, so often."""

from __future__ import annotations

from typing import Final

from dashboard.vault import Busy, KeyRefused, VaultError

TRIES: Final = 10
"""Calls in a row without an answer after which a walk gives up."""

FIRST_WAIT: Final = 5.0
"""Seconds before the first other try after an answer that was none; each further wait is twice as long."""

LONGEST_WAIT_HERE: Final = 60.0
"""A longer pause is taken by letting go of the job: whoever waits here keeps a place of the worker."""


def wait_after(error: VaultError, tries: int) -> float:
    """Seconds to the next try: what the service asked for, else twice as long each time."""
    if isinstance(error, Busy):
        return max(error.retry_after or 30.0, 1.0)
    if isinstance(error, KeyRefused):
        return min(60.0 * 2.0 ** (tries - 1), 900.0)
    return min(FIRST_WAIT * 2.0 ** (tries - 1), 300.0)


def lets_go(error: VaultError, seconds: float) -> bool:
    """True where the job is paused meanwhile, and its page says so."""
    return seconds > LONGEST_WAIT_HERE or isinstance(error, KeyRefused)


def words(error: VaultError) -> str:
    """Why a job is paused, or has failed, for its page."""
    return f"{error.title}. {error.detail}".strip()[:250]
