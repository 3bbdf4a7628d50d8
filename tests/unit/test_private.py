"""What the program writes is for its own user alone, whatever the umask; links are refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings

from dashboard.exports import files as export_files
from dashboard.models import Connection
from dashboard.private import PrivateDatabase, find_folder_fault, make_private_folder, open_private
from tests.browser.program import ROOT
from tests.environment import MADE_UP
from tests.exports import after, begun

DATABASE = "x.sqlite3"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def opened(path: Path) -> PrivateDatabase:
    """A connection that has written, as Django opens one."""
    connection: PrivateDatabase = sqlite3.connect(path, factory=PrivateDatabase)
    connection.executescript(
        "PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS a (b); INSERT INTO a VALUES (1);"
    )
    return connection


@pytest.mark.usefixtures("umask")
def test_a_database_is_made_for_its_user_alone(tmp_path: Path) -> None:
    with closing(opened(tmp_path / DATABASE)):
        modes = {path.name: mode(path) for path in tmp_path.iterdir()}
    assert modes == {f"{DATABASE}{end}": 0o600 for end in ("", "-wal", "-shm")}


@pytest.mark.parametrize(
    ("found", "becomes"), [(0o644, 0o600), (0o666, 0o660), (0o640, 0o600), (0o660, 0o660), (0o400, 0o400)]
)
def test_a_database_that_others_may_read_is_taken_from_them(tmp_path: Path, found: int, becomes: int) -> None:
    with closing(opened(tmp_path / DATABASE)):
        for path in tmp_path.iterdir():
            path.chmod(found)
        with closing(opened(tmp_path / DATABASE)) as second:
            assert {mode(path) for path in tmp_path.iterdir()} == {becomes}
            assert second.execute("SELECT count(*) FROM a").fetchone() == (2,)


def test_a_database_behind_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / DATABASE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(sqlite3.OperationalError, match="link"):
        sqlite3.connect(tmp_path / DATABASE, factory=PrivateDatabase)
    assert not (tmp_path / "elsewhere").exists()


def test_a_database_in_memory_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (":memory:", "file:a?mode=memory&cache=shared"):
        sqlite3.connect(name, uri=True, factory=PrivateDatabase).close()
    assert list(tmp_path.iterdir()) == []


def manage(tmp_path: Path, *command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A command of manage.py under the loosest umask."""
    environ = {
        "PATH": os.environ["PATH"],
        **MADE_UP,
        "DATABASE_URL": f"sqlite:///{tmp_path / DATABASE}",
        **changes,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        umask=0,
        timeout=120,
    )


def test_commands_make_private_files(tmp_path: Path) -> None:
    assert manage(tmp_path, "migrate", "-v0").returncode == 0
    assert mode(tmp_path / DATABASE) == 0o600


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_folder_that_anybody_may_exchange_is_refused(tmp_path: Path, depth: int) -> None:
    folder = tmp_path.joinpath(*["a", "b", "c"][:depth], "files")
    folder.mkdir(parents=True)
    assert find_folder_fault(folder) == ""
    above = tmp_path / "a"
    above.chmod(0o1777)
    assert find_folder_fault(folder) == "", "as in /tmp, where each takes away their own only"
    above.chmod(0o777)
    assert "may put another folder in its place" in find_folder_fault(folder)
    with pytest.raises(OSError, match="not permitted"):
        make_private_folder(folder)


@pytest.mark.parametrize("kind", ["open", "sticky", "link", "file"])
def test_a_folder_that_is_not_ours_alone_does_not_start(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    if kind == "link":
        folder = tmp_path / "link"
        folder.symlink_to("files")
    elif kind == "file":
        folder = tmp_path / "file"
        folder.touch()
    else:
        folder.chmod(0o777 if kind == "open" else 0o1777)
    done = manage(tmp_path, "check", DASHBOARD_FILES=str(folder))
    assert done.returncode == 1
    assert "did not start.\nDASHBOARD_FILES is wrong: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_behind_a_link_does_not_start(tmp_path: Path) -> None:
    (tmp_path / DATABASE).symlink_to(tmp_path / "elsewhere")
    done = manage(tmp_path, "check")
    assert done.returncode == 1
    assert "did not start.\nDATABASE_URL is wrong: it names a link" in done.stderr


@pytest.mark.parametrize("allowed", [0o700, 0o755, 0o770, 0o2775])
def test_a_folder_that_others_only_look_into_is_taken(tmp_path: Path, allowed: int) -> None:
    tmp_path.chmod(allowed)
    assert find_folder_fault(tmp_path) == ""
    assert find_folder_fault(tmp_path / "not there yet") == ""


@pytest.mark.usefixtures("umask")
def test_exports_are_for_their_user_alone(some: Connection, tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "files"
    with override_settings(DASHBOARD_FILES=deep):
        job = after(begun(some))
        assert mode(export_files.get_path(job)) == 0o600
    assert [mode(path) for path in (deep, *list(deep.parents)[:2])] == [0o700] * 3


@pytest.mark.usefixtures("umask", "db")
def test_what_the_audit_trims_is_for_its_user_alone(tmp_path: Path) -> None:
    call_command("audit_trim", keep_days=1, to=tmp_path / "old.jsonl", verbosity=0)
    assert mode(tmp_path / "old.jsonl") == 0o600


@pytest.mark.usefixtures("umask")
def test_a_file_is_made_or_opened_for_its_user_alone(tmp_path: Path) -> None:
    for _ in range(2):
        os.close(open_private(tmp_path / "a", os.O_RDWR | os.O_CREAT))
        assert mode(tmp_path / "a") == 0o600
        (tmp_path / "a").chmod(0o666)
    make_private_folder(tmp_path / "b" / "c")
    make_private_folder(tmp_path / "b" / "c")
    assert (mode(tmp_path / "b"), mode(tmp_path / "b" / "c")) == (0o700, 0o700)
