"""When the worker tries again after the service did not answer as it should, and how often."""

from typing import Final

from dashboard.vault import Busy, KeyRefused, NotAnswering, VaultError

LIMIT_REACHED: Final = "As many calls were made as the service allows for now."

MAX_TRIES: Final = 10
"""Calls in a row without an answer after which a job gives up."""

FIRST_WAIT_SECONDS: Final = 5.0
"""Time before the second try; each further wait is twice as long."""

MAX_WAIT_IN_PLACE_SECONDS: Final = 60.0
"""A job that has to wait longer is paused: one that waits here keeps a worker thread."""


def counts_as_try(error: VaultError) -> bool:
    """Return False if no call was made, for others had failed or were too many: that is waited for."""
    return not error.is_withheld or isinstance(error, KeyRefused)


def seconds_to_next_try(error: VaultError, tries: int) -> float:
    """Return the seconds to wait after so many failed tries: what the service asked for, else ever longer."""
    if isinstance(error, Busy):
        return max(error.retry_after or 30.0, 1.0)
    if isinstance(error, NotAnswering):
        return max(error.retry_after, 1.0)
    if isinstance(error, KeyRefused):
        return min(60.0 * 2.0 ** (tries - 1), 900.0)
    return min(FIRST_WAIT_SECONDS * 2.0 ** (tries - 1), 300.0)


def should_pause(error: VaultError, seconds: float) -> bool:
    """Return True if the job is paused for the wait, so that its page says so and its thread is free."""
    return seconds > MAX_WAIT_IN_PLACE_SECONDS or isinstance(error, KeyRefused)


def describe_error(error: VaultError) -> str:
    """Return the text that a paused or failed job's page shows for an error, at most 250 characters."""
    return f"{error.title}. {error.detail}".strip()[:250]
