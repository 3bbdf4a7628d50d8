"""A lock is installed as a lock by the oldest pip and by the newest, and one that is not whole is told."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

from dashboard.bootstrap import install_lock
from tests.locks import ROOT
from tests.start.wheels import make_wheel

FAILED: Final = "The packages could not be installed. pip said:\n"


@pytest.fixture
def lines(index: Path) -> dict[str, str]:
    """One of three packages asks for an extra of another, of which the index has a newer version."""
    lines = {
        "asks": make_wheel(index, "asks", "1.0", needs=["offers[more]"]),
        "offers": make_wheel(index, "offers", "1.0", needs=["brought; extra == 'more'"], extra="more"),
        "brought": make_wheel(index, "brought", "1.0"),
    }
    make_wheel(index, "offers", "2.0", needs=["brought; extra == 'more'"], extra="more")
    make_wheel(index, "brought", "2.0")
    return lines


def lock_of(folder: Path, lines: dict[str, str]) -> Path:
    lock = folder / "lock.txt"
    lock.write_text("".join(lines.values()))
    return lock


def versions(python: Path) -> list[str]:
    """What the environment holds but for pip, as `name version`."""
    code = (
        "from importlib.metadata import distributions as found\n"
        "for one in found(): print(one.name, one.version)"
    )
    said = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout
    return sorted(line for line in said.splitlines() if not line.startswith("pip "))


def refusal(python: Path, lock: Path) -> str:
    with pytest.raises(SystemExit) as ended:
        install_lock(python, lock)
    return str(ended.value)


def test_a_newer_version_in_the_index_changes_nothing(
    bare_python: Path, lines: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    install_lock(bare_python, lock_of(tmp_path, lines))
    assert versions(bare_python) == ["asks 1.0", "brought 1.0", "offers 1.0"]
    assert capfd.readouterr() == ("", ""), "pip's own words bury what follows"


@pytest.mark.parametrize("without", ["offers", "asks"])
def test_nothing_is_installed_that_the_lock_does_not_name(
    bare_python: Path, lines: dict[str, str], tmp_path: Path, without: str
) -> None:
    del lines[without]
    lock = lock_of(tmp_path, lines)
    if without == "offers":
        said = refusal(bare_python, lock)
        assert said.startswith(FAILED)
        assert "asks 1.0 requires offers, which is not installed." in said
    else:
        install_lock(bare_python, lock)
    assert [one for one in versions(bare_python) if one.startswith(without)] == []


@pytest.mark.parametrize("spoilt", ["unhashed", "another hash", "unpinned"])
def test_what_pip_cannot_vouch_for_is_not_installed(
    bare_python: Path, lines: dict[str, str], tmp_path: Path, spoilt: str
) -> None:
    line = lines["offers"]
    lines["offers"] = {
        "unhashed": line.partition(" ")[0] + "\n",
        "another hash": line.partition("sha256:")[0] + f"sha256:{'0' * 64}\n",
        "unpinned": line.replace("==1.0", ">=1.0"),
    }[spoilt]
    said = refusal(bare_python, lock_of(tmp_path, lines))
    assert said.startswith(FAILED)
    assert "offers" in said
    assert versions(bare_python) == []


def test_the_programs_environment_is_built_and_runs_it(
    bare_python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_COMPILE", "1")  # half of the time, and nothing of it is in question
    install_lock(bare_python, ROOT / "requirements.txt")
    ran = subprocess.run(
        [str(bare_python), "manage.py", "demo", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "--sandbox-port" in ran.stdout


def test_the_tests_environment_is_taken_whole(bare_python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the index itself, every file by its hash. What is built of them is where these tests run."""
    monkeypatch.setenv("PIP_DRY_RUN", "1")
    install_lock(bare_python, ROOT / "tests" / "requirements.txt")
    assert versions(bare_python) == []
