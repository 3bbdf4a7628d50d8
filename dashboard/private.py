"""Files and folders that only this program's user can read, whatever the umask; links are not followed."""

import contextlib
import errno
import fcntl
import os
import sqlite3
import stat
from pathlib import Path
from typing import Any, Final

VAR_DIR: Final = Path(__file__).resolve().parent.parent / ".var"
"""Where this program keeps files of its own, unless it is told otherwise."""

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700

_OTHERS_MAY_WRITE: Final = 0o002
_GROUP_MAY_WRITE: Final = 0o020


def open_private(path: Path | str, flags: int) -> int:
    """Open a plain file with no second name and return its descriptor; a new one is 0600. Raises OSError."""
    file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, FILE_MODE)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(path))
        if flags & os.O_CREAT:
            os.fchmod(file, FILE_MODE)
    except BaseException:
        os.close(file)
        raise
    return file


def append_privately(path: Path, line: str) -> None:
    """Add a line to the end of a plain file, durably; a new one is 0600. Raises OSError."""
    flags = os.O_WRONLY | os.O_APPEND
    try:
        file = open_private(path, flags)  # one that may only be appended to takes no mode
    except FileNotFoundError:
        file = open_private(path, flags | os.O_CREAT | os.O_EXCL)
    try:
        text = f"{line}\n".encode()
        fcntl.flock(file, fcntl.LOCK_EX)
        before = os.fstat(file).st_size
        if os.write(file, text) != len(text):
            with contextlib.suppress(OSError):  # one that may only be appended to keeps the half line
                os.ftruncate(file, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(file)
    finally:
        os.close(file)


def make_private_folder(path: Path) -> None:
    """Make a folder, and what is missing above it, with mode 0700; raises OSError for an open one."""
    for folder in reversed([path, *path.parents]):
        if not os.path.lexists(folder):
            with contextlib.suppress(FileExistsError):  # somebody else was faster
                folder.mkdir(FOLDER_MODE)
    if find_folder_fault(path):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(path))


def find_folder_fault(path: Path) -> str:
    """Return what is wrong with an existing folder, as the end of a sentence, or ""."""
    try:
        found = os.lstat(path)
    except OSError:
        return ""  # it is made when it is needed, or what is in the way is said then
    if stat.S_ISLNK(found.st_mode):
        return "it names a link. Name the folder that the link leads to."
    if not stat.S_ISDIR(found.st_mode):
        return "it names something that is no folder."
    if found.st_mode & _OTHERS_MAY_WRITE:
        return "everybody on this machine may write into its folder. Take that away: chmod o-w."
    if any(map(_may_be_exchanged, path.resolve().parents)):
        return "everybody on this machine may put another folder in its place. Take that away above it."
    return ""


def _may_be_exchanged(folder: Path) -> bool:
    """Return True if anybody may rename what lies in the folder; in /tmp only the owner may."""
    mode = os.lstat(folder).st_mode
    return bool(mode & _OTHERS_MAY_WRITE) and not mode & stat.S_ISVTX


class PrivateDatabase(sqlite3.Connection):
    """A connection to an SQLite file that is made with mode 0600; `-wal` and `-shm` take the file's mode."""

    def __init__(self, database: Any, *args: Any, **options: Any) -> None:
        name = os.fsdecode(database)
        if name != ":memory:" and not name.startswith("file:"):
            _make_private(name)
        super().__init__(database, *args, **options)


def _make_private(name: str) -> None:
    """Make the file where it is not there, else take it from others; raises OperationalError for a link.

    A file that is there is never opened here: closing it would let go of all locks that this process holds.
    """
    if os.path.islink(name):
        raise sqlite3.OperationalError("unable to open database file: it is a link")
    try:
        os.close(
            os.open(name, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC, FILE_MODE)
        )
    except FileExistsError:
        for path in (name, f"{name}-wal", f"{name}-shm", f"{name}-journal"):
            with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's
                _take_from_others(path)
    except OSError:
        pass  # SQLite says what is the matter


def _take_from_others(path: str) -> None:
    """Take the file's rights from others. A group that may write stays: web and worker can be two users."""
    found = os.lstat(path)
    allowed = 0o660 if found.st_mode & _GROUP_MAY_WRITE else FILE_MODE
    if stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) & ~allowed:
        os.chmod(path, stat.S_IMODE(found.st_mode) & allowed)
