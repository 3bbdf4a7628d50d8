"""The service's health as the header of every page prints it."""

from typing import Final, NamedTuple

from dashboard import service
from dashboard.units import format_span
from dashboard.vault import BreakerState, Health, KeyState

SLOW_MS: Final = 1000.0
"""A median from which on people are told that they wait for the service."""

_KEY_WORDS: Final = {
    KeyState.OK: "key accepted",
    KeyState.REFUSED: "key refused",
    KeyState.UNKNOWN: "key not known to work",
}


class HealthChip(NamedTuple):
    """A few words, the colour of the dot beside them, and the facts behind them."""

    colour: str
    text: str
    facts: str


def build_health_chip() -> HealthChip:
    """Return the chip by what the calls of this process came to; it asks the service nothing."""
    health = service.read_health()
    colour, words = describe(health)
    return HealthChip(colour, f"Vault+ {words}", _list_facts(health))


def describe(health: Health) -> tuple[str, str]:
    """Return the colour of the dot, and the words beside it."""
    match health:
        case Health(key=KeyState.REFUSED):
            return "rose", "key refused"
        case Health(breaker=BreakerState.OPEN | BreakerState.HALF_OPEN):
            return "rose", "not answering"
        case Health(p50_ms=None, failures_in_a_row=failures) if failures:
            return "rose", "not answering"
        case Health(p50_ms=None, last_success_seconds=None):
            return "slate", "nothing read yet"
        case Health(p50_ms=None):
            return "slate", "nothing read lately"
        case Health(p50_ms=median) if median is not None and median >= SLOW_MS:
            return "amber", "slow"
    return "green", f"{health.p50_ms:.0f} ms"


def _list_facts(health: Health) -> str:
    age, median = health.last_success_seconds, health.p50_ms
    facts = [
        "Nothing read yet" if age is None else f"Last good answer {format_span(age)} ago",
        *([] if median is None else [f"median {median:.0f} ms"]),
        _KEY_WORDS[health.key],
    ]
    return " · ".join(facts)
