"""The program's own settings under made-up values, for the type checker."""

from .environment import make_up

make_up()

from dashboard.settings import *  # noqa: E402, F403 - read only now, when the values stand
