"""The lines of ours that a process executes, counted one by one, and its death at one of them."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import FrameType
from typing import Final

from dashboard import service

HOUSE: Final = Path(service.__file__).parent
REMOVALS: Final = (
    *("actions.py", "impact.py", "just_ended.py", "ledger.py", "recovery.py"),
    *("bulk.py", "claims.py", "runner.py"),
)
OURS: Final = ("service.py", "audit", "vault/client.py", "vault/transport.py", "jobs/lifecycle.py")
WATCHED: Final = {
    str(file): str(file.relative_to(HOUSE))
    for name in (*OURS, *(f"removals/{one}" for one in REMOVALS))
    for file in ((HOUSE / name).glob("*.py") if (HOUSE / name).is_dir() else [HOUSE / name])
}
"""The files whose lines are counted, and their short names."""


class Steps:
    """The lines of the watched files as they are executed; at number `dies_at` the process kills itself, or
    at the first run of that line, or (`line*3`) at its third. Runs of one line in a row are one step: a line
    that goes over items runs as often as they have variants, and no two targets have the same."""

    def __init__(self, dies_at: int | str = 0) -> None:
        self.dies_at, self.taken = dies_at, list[str]()
        self.line, _, times = str(dies_at).partition("*")
        self.left = int(times or 1)

    def __call__(self, frame: FrameType, event: str, arg: object) -> Steps | None:
        name = WATCHED.get(frame.f_code.co_filename)
        if name is None:
            return None
        if event == "line":
            here = f"{name}:{frame.f_lineno}"
            self.left -= here == self.line
            if self.taken[-1:] != [here]:
                self.taken.append(here)
            if len(self.taken) == self.dies_at or not self.left:
                os.kill(os.getpid(), signal.SIGKILL)
        return self
