"""`python -m dashboard.attached MODULE …`: run a module that ends when its standard input does."""

import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

GRACE_SECONDS: Final = 4


def main() -> None:
    """Run the module that the command line names, and end it when standard input ends."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)  # so that this program and what it starts are a group of their own
    sys.argv[:] = sys.argv[1:]
    os.register_at_fork(after_in_child=watch_input)  # gunicorn's workers: threads do not come along
    watch_input()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def watch_input() -> None:
    """Start the thread that ends this process when the pipe is closed."""
    threading.Thread(target=_end_with_input, name="attached", daemon=True).start()


def _end_with_input() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
