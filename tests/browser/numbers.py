"""The numbers of the removals and jobs that pictures show."""

from __future__ import annotations

from typing import Final

DONE: Final = "5e771ed0-0000-4000-8000-00000000d04e"
TRIED: Final = "5e771ed0-0000-4000-8000-0000000072ed"
OUT: Final = "5e771ed0-0000-4000-8000-000000000007"
UNRESOLVED: Final = "5e771ed0-0000-4000-8000-0000000000a5"

RUN_DONE: Final = "5e771ed0-0000-4000-8000-000000000d0e"
RUN_HALF_WAY: Final = "5e771ed0-0000-4000-8000-000000000a1f"
RUN_RESTING: Final = "5e771ed0-0000-4000-8000-0000000007e5"
RUN_LEFT_ALONE: Final = "5e771ed0-0000-4000-8000-00000000a10e"
