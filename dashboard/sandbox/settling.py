"""Items that are still being stored when the sandbox starts, and their states as time passes."""

from typing import NamedTuple

CYCLES_END_SECONDS = 3600
"""Items that are cached again and again rest, stored, after this."""


class Settling(NamedTuple):
    """The times at which a waiting variant starts storing and is stored, in seconds after the start."""

    storing: float
    stored: float
    period: float | None = None
    """After this it waits again from the beginning: the vendor caches it anew."""

    def at(self, elapsed: float, delay: float = 0) -> tuple[str, float | None]:
        """Return the status after `elapsed` seconds, and the second in which it was stored, or None."""
        began = 0.0
        if self.period is not None and elapsed < CYCLES_END_SECONDS:
            began = elapsed - elapsed % self.period
        elif self.period is not None:
            began = CYCLES_END_SECONDS - self.period
        if elapsed < began + self.storing + delay:
            return "pending", None
        if elapsed < began + self.stored + delay:
            return "storing", None
        return "stored", began + self.stored + delay


SETTLING = {
    1: Settling(15, 32),
    2: Settling(29, 58),
    3: Settling(60, 140, period=240),
    4: Settling(43, 84),
    7: Settling(57, 110),
    8: Settling(90, 190, period=300),
    11: Settling(71, 130),
}
"""By place among a connection's newest items: most settle within 150 s, two begin again for an hour."""
