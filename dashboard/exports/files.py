"""Files of exports: `<job>.part` while one worker writes it, then `<job>.csv` or `<job>.jsonl`."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from django.conf import settings

from dashboard.models import Job
from dashboard.private import make_private_folder, open_private

PARTIAL_SUFFIX: Final = ".part"

_DISK_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FileLocked(Exception):
    """Another process has this file open for writing: it lost its lease, and is about to find out."""


def get_partial_path(job: Job) -> Path:
    """Return the path of the job's file while it is written."""
    return Path(settings.DASHBOARD_FILES) / f"{job.pk}{PARTIAL_SUFFIX}"


def get_path(job: Job) -> Path:
    """Return the path of the job's file once it is whole."""
    return Path(settings.DASHBOARD_FILES) / f"{job.pk}.{job.form}"


def read_stat(path: Path) -> os.stat_result | None:
    """Return the file's length, times and so on; None if there is no such file."""
    with contextlib.suppress(OSError):
        return path.lstat()
    return None


def remove(*paths: Path) -> None:
    """Delete the files that exist; one that cannot be deleted is left to the next tidying."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def find_all() -> Iterator[tuple[Path, UUID]]:
    """Yield every file of an export, with the number of its job."""
    with contextlib.suppress(FileNotFoundError):
        for path in Path(settings.DASHBOARD_FILES).iterdir():
            with contextlib.suppress(ValueError):
                yield path, UUID(path.stem)


def describe_error(error: OSError) -> str:
    """Return the text for the job's page: what happened, and what to tell an administrator."""
    reason = os.strerror(error.errno) if error.errno else "no reason given"
    if error.errno in _DISK_FULL:
        return (
            f"There is no room for the file ({reason}), so what was written of it was removed. Tell your "
            "administrator that the disk of DASHBOARD_FILES is full; then export again."
        )
    return (
        f"The file cannot be written ({reason}). Tell your administrator that the worker cannot write into "
        "the folder of DASHBOARD_FILES; then export again."
    )


class PartialFile:
    """A job's file that is being written. Raises FileLocked if another process has it, and any OSError."""

    def __init__(self, job: Job) -> None:
        self.path = get_partial_path(job)
        make_private_folder(self.path.parent)
        self._file = self._open()
        self.length = os.fstat(self._file).st_size

    def _open(self) -> int:
        """Open and lock the file, anew if it was renamed or removed before it was locked."""
        while True:
            file = open_private(self.path, os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.lexists(self.path) and os.path.samestat(os.lstat(self.path), os.fstat(file)):
                    return file
            except BlockingIOError:
                os.close(file)
                raise FileLocked from None
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def truncate(self, length: int) -> None:
        """Remove what comes after so many bytes, and write from there."""
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

    def rename_to(self, path: Path) -> None:
        """Give the file its final name, and return once that outlives a loss of power."""
        self.path.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
