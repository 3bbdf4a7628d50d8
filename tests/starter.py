"""A process that has read the libraries and forks, so that a start of `manage.py` costs a fork.

It reads a line of JSON for each start, `{"arguments": …, "environ": …}`, and answers with one. What it has
read is libraries only: settings and everything of ours are read anew in each child, under that child's
environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent


class Starter:
    """Starts commands of `manage.py` in the repository's folder."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.starter"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process as process:
            assert process.stdin
            process.stdin.close()

    def run(self, arguments: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a command under this environment; return what it came to, like `subprocess.run`."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"arguments": arguments, "environ": environ}) + "\n")
        self._process.stdin.flush()
        code, out, err = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, out, err)


def main() -> None:
    import django.core.management.commands.check
    import django.db.backends.sqlite3.base  # noqa: F401
    import environs  # noqa: F401
    import gunicorn.config  # noqa: F401
    import jinja2  # noqa: F401
    import jwt  # noqa: F401
    import msgspec  # noqa: F401
    import requests  # noqa: F401
    import tenacity  # noqa: F401
    from cryptography.hazmat.primitives.ciphers import aead  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(start(**json.loads(line))), flush=True)


def start(arguments: list[str], environ: dict[str, str]) -> tuple[int, str, str]:
    """Fork, and run the command in the child; return its exit code, and what it wrote."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os._exit(run_command(arguments, environ))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for file in (out, err):
            file.seek(0)
        return code, out.read(), err.read()


def run_command(arguments: list[str], environ: dict[str, str]) -> int:
    """Do what the interpreter does with `manage.py`; return the code with which it would exit."""
    code: Any = None
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["manage.py", *arguments]
    try:
        import manage

        manage.main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code or 0)


if __name__ == "__main__":
    main()
