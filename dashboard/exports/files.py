"""The files of exports: written by one worker at a time, so that another can go on where it was killed.

They lie in DASHBOARD_FILES under their job's number, readable by this program's user alone: `<number>.part`
while one is written, `<number>.csv` once it is whole.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from django.conf import settings

from dashboard.models import Job
from dashboard.private import make_private_folder, open_private

PART: Final = ".part"

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Held(Exception):
    """Another process has this file open for writing: it was slow, and is about to find out."""


def part_of(job: Job) -> Path:
    return Path(settings.DASHBOARD_FILES) / f"{job.pk}{PART}"


def file_of(job: Job) -> Path:
    return Path(settings.DASHBOARD_FILES) / f"{job.pk}.{job.form}"


def length_of(path: Path) -> int | None:
    """Its bytes; None where there is no such file."""
    with contextlib.suppress(OSError):
        return path.lstat().st_size
    return None


def written_at(path: Path) -> float:
    """Unix time of its last byte; 0 where it is gone."""
    with contextlib.suppress(OSError):
        return path.lstat().st_mtime
    return 0.0


def remove(*paths: Path) -> None:
    """Delete those of them that are there; what cannot be deleted is left to the next tidying."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def kept() -> Iterator[tuple[Path, UUID]]:
    """Every file of an export there is, with the number of its job."""
    with contextlib.suppress(FileNotFoundError):
        for path in Path(settings.DASHBOARD_FILES).iterdir():
            with contextlib.suppress(ValueError):
                yield path, UUID(path.stem)


def words(error: OSError) -> str:
    """What an administrator has to mend, and the person to tell them."""
    reason = os.strerror(error.errno) if error.errno else "no reason given"
    if error.errno in _FULL:
        return (
            f"There is no room for the file ({reason}), so what was written of it was removed. Tell your "
            "administrator that the disk of DASHBOARD_FILES is full; then export again."
        )
    return (
        f"The file cannot be written ({reason}). Tell your administrator that the worker cannot write into "
        "the folder of DASHBOARD_FILES; then export again."
    )


class Part:
    """The file of a job that is being written. Raises Held where another process has it, and any OSError."""

    def __init__(self, job: Job) -> None:
        self.path = part_of(job)
        make_private_folder(self.path.parent)
        self._file = self._open()
        self.length = os.fstat(self._file).st_size

    def _open(self) -> int:
        """Opened and locked. The lock goes with the process, however that ends; a file that was renamed or
        removed before the lock was had is not the one."""
        while True:
            file = open_private(self.path, os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.lexists(self.path) and os.path.samestat(os.lstat(self.path), os.fstat(file)):
                    return file
            except BlockingIOError:
                os.close(file)
                raise Held from None
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def go_on_at(self, length: int) -> None:
        """Forget what comes after so many bytes."""
        if self.length != length:
            os.ftruncate(self._file, length)
        os.lseek(self._file, length, os.SEEK_SET)
        self.length = length

    def write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            written = os.write(self._file, rest)
            self.length += written
            rest = rest[written:]

    def sync(self) -> None:
        """Return once what was written outlives a loss of power."""
        os.fsync(self._file)

    def become(self, path: Path) -> None:
        """It is whole."""
        self.path.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
