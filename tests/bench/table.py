"""The table: what was measured, what has to be reached, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Final

HEAD: Final = ("", "measured", "from … to", "must", "aim", "")


@dataclass(frozen=True)
class Row:
    """A measure in several rounds. `form` prints a figure; more is better only where `more` says so."""

    name: str
    form: str
    rounds: list[float]
    must: float
    aim: float
    more: bool = False
    note: str = ""

    @property
    def mark(self) -> str:
        """By the figure as it is printed: nobody sees a thousandth of a millisecond."""
        printed = float(f"{median(self.rounds):.{self.form.partition('.')[2][:1] or 0}f}")
        sign = -1 if self.more else 1
        if sign * printed <= sign * self.aim:
            return "✓ aim"
        return "· must" if sign * printed <= sign * self.must else "✗ MISSED"

    @property
    def line(self) -> str:
        """The row by itself, as soon as it is measured."""
        name, measured, spread, must, aim, mark = self.cells()
        return f"{mark:<8}  {name}: {measured}{f'  ({spread})' if spread else ''}  must {must}, aim {aim}"

    def cells(self) -> tuple[str, ...]:
        low, high = min(self.rounds), max(self.rounds)
        spread = f"{self.form.format(low)} … {self.form.format(high)}" if len(self.rounds) > 1 else ""
        limits = (self.form.format(limit) for limit in (self.must, self.aim))
        return self.name, self.form.format(median(self.rounds)), spread, *limits, self.mark


def table(rows: list[Row]) -> str:
    """The rows under a head, columns lined up, notes beneath."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = [
        "  ".join(
            cell.ljust(width) if column in (0, 5) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    text.insert(1, "─" * max(map(len, text)))
    return "\n".join([*text, "", *(f"{row.name}: {row.note}" for row in rows if row.note)])
