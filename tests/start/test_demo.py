"""The demo ends with all that it has started, whatever ends it, and two do not get into each other's way."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.browser.program import Sandbox, free_ports
from tests.start.demo import PATIENCE, Demo, answers, copy_project, refusal

Start = Callable[..., Demo]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, as somebody has cloned it."""
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    started: list[Demo] = []

    def start(ports: list[int] | None = None, **options: object) -> Demo:
        started.append(Demo(folder, ports or free_ports(2), **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for demo in started:
        demo.kill()


def ask_in_vain(demo: Demo) -> None:
    """Let a thread of the server wait for an answer that does not come."""
    Sandbox(f"http://127.0.0.1:{demo.sandbox_port}").fault(method="GET", hang=True, times=9)

    def ask() -> None:
        with suppress(OSError):
            answers(f"{demo.url}/c/studio-a/media/")

    threading.Thread(target=ask, daemon=True).start()


WAYS: Final = {
    "the terminal is closed": lambda demo: demo.close_terminal(),
    "kill -9": lambda demo: demo.process.kill(),
    "kill": lambda demo: demo.process.terminate(),
    "Ctrl-C": lambda demo: demo.process.send_signal(signal.SIGINT),
}


@pytest.mark.parametrize("way", WAYS)
def test_its_programs_end_with_it(start: Start, way: str) -> None:
    """With gunicorn's worker and the job worker, though a request is under way."""
    demo = start(in_terminal=True)
    assert len(demo.pids) >= 4, "sandbox, gunicorn, its worker and the job worker"
    ask_in_vain(demo)
    WAYS[way](demo)
    demo.wait_until_gone()


def test_one_that_was_killed_can_be_started_again_at_once(start: Start) -> None:
    demo = start()
    demo.process.kill()
    demo.process.wait(PATIENCE)
    again = start([demo.port, demo.sandbox_port])
    assert answers(f"{again.url}/readyz")
    demo.wait_until_gone()


def test_one_that_is_to_outlive_its_terminal_does(start: Start) -> None:
    """Started as by `nohup`."""
    ignore = "signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    demo = start(in_terminal=True, prefix=(sys.executable, "-c", f"import os, signal, sys; {ignore}"))
    demo.close_terminal()
    assert answers(f"{demo.url}/readyz")
    demo.process.terminate()
    demo.wait_until_gone()


@pytest.fixture(scope="module")
def two(folder: Path) -> Iterator[list[Demo]]:
    """Two demos in one folder; the second is on a database that was named to it."""
    two: list[Demo] = []
    try:
        two.append(Demo(folder, free_ports(2)))
        two.append(Demo(folder, free_ports(2), DATABASE_URL=f"sqlite:///{folder / 'named.sqlite3'}"))
        yield two
    finally:
        for demo in two:
            demo.kill()


def test_nothing_but_the_address_is_said(two: list[Demo]) -> None:
    for demo in two:
        assert demo.said == f"Open {demo.url}/   (Ctrl-C stops the demo)\n"


def test_two_side_by_side_share_no_database(two: list[Demo], folder: Path) -> None:
    for demo, name in zip(two, (f".var/demo-{two[0].port}.sqlite3", "named.sqlite3"), strict=True):
        with closing(sqlite3.connect(folder / name)) as database:
            assert database.execute("SELECT count(*) FROM dashboard_connection").fetchone() == (3,)
        assert answers(f"{demo.url}/readyz")


def test_one_that_runs_is_told(two: list[Demo], folder: Path) -> None:
    said = refusal(folder, "--port", str(two[0].port))
    assert f"A demo runs already: process {two[0].process.pid}, at {two[0].url}/." in said
    assert f"kill {two[0].process.pid}\n" in said
    assert "choose another --port" in said


def test_a_database_that_is_named_is_not_shared(two: list[Demo], folder: Path) -> None:
    [port, sandbox_port] = map(str, free_ports(2))
    named = f"sqlite:///{folder / 'named.sqlite3'}"
    said = refusal(folder, "--port", port, "--sandbox-port", sandbox_port, DATABASE_URL=named)
    assert f"A demo runs already: process {two[1].process.pid}, at {two[1].url}/." in said
    assert "name another database in DATABASE_URL" in said


@pytest.mark.parametrize("option", ["--port", "--sandbox-port"])
def test_a_port_of_a_demo_in_another_folder(two: list[Demo], tmp_path: Path, option: str) -> None:
    taken = two[0].port if option == "--port" else two[0].sandbox_port
    [port, sandbox_port] = free_ports(2)
    options = {"--port": port, "--sandbox-port": sandbox_port, option: taken}
    said = refusal(copy_project(tmp_path), *(str(part) for pair in options.items() for part in pair))
    assert f"Port {taken} is taken by a demo that still runs: process {two[0].process.pid}." in said
    assert f"kill {two[0].process.pid}\n" in said
    assert f"choose another port with {option}." in said


def test_a_port_of_something_else(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(folder, "--port", str(port))
    assert f"Port {port} is taken by process {os.getpid()} (" in said
    assert "a demo" not in said
    assert "Choose another with --port." in said


@pytest.mark.parametrize("taken", [".var", ".venv"])
def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, taken: str) -> None:
    """Before the packages are installed and after."""
    folder = copy_project(tmp_path)
    folder.chmod(0o555)
    said = refusal(
        folder, python=bare_python(tmp_path) if taken == ".venv" else sys.executable, powerless=True
    )
    assert_is_a_sentence(said, folder / taken)


@pytest.mark.parametrize("taken", [".var", ".venv"])
def test_a_file_where_a_folder_belongs_is_a_sentence(tmp_path: Path, taken: str) -> None:
    folder = copy_project(tmp_path)
    (folder / taken).touch()
    said = refusal(folder, python=bare_python(tmp_path) if taken == ".venv" else sys.executable)
    assert_is_a_sentence(said, folder / taken)


@pytest.mark.parametrize("theirs", [".", "demo-{}.sqlite3", "static"])
def test_what_somebody_else_has_left_is_a_sentence(tmp_path: Path, theirs: str) -> None:
    """As after a first start as another person."""
    folder = copy_project(tmp_path)
    (folder / ".var" / "static").mkdir(parents=True)
    [port, sandbox_port] = free_ports(2)
    path = folder / ".var" / theirs.format(port)
    if path.suffix:
        path.touch()
    path.chmod(0o555 if path.is_dir() else 0o444)
    ports = ["--port", str(port), "--sandbox-port", str(sandbox_port)]
    assert_is_a_sentence(refusal(folder, *ports, powerless=True), folder / ".var")


def bare_python(folder: Path) -> str:
    """A Python without the project's packages."""
    environment = folder.with_name(f"{folder.name}-bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    return str(environment / "bin" / "python")


def assert_is_a_sentence(said: str, place: Path) -> None:
    assert str(place) in said
    assert "into a folder of your own." in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 2
