"""Pythons with nothing but a pip, the oldest and the newest that the locks have to be installed by."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

OLDEST_PIP: Final = {(3, 11): "22.3", (3, 12): "23.2.1", (3, 13): "24.2", (3, 14): "25.2"}
"""What the first release of each Python brings; Debian's 3.11 brings 23.0.1."""

PIPS: Final = ("oldest", "newest")


@pytest.fixture(scope="session")
def _pips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """An environment with this pip, made when it is first asked for."""
    made: dict[str, Path] = {}

    def environment_with(which: str) -> Path:
        if which not in made:
            folder = tmp_path_factory.mktemp(which) / "venv"
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
            wanted = f"pip=={OLDEST_PIP[sys.version_info[:2]]}" if which == "oldest" else "pip"
            into = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
            subprocess.run([*into, "install", "--quiet", wanted], check=True)
            made[which] = folder
        return made[which]

    return environment_with


@pytest.fixture(params=PIPS)
def bare_python(request: pytest.FixtureRequest, _pips: Callable[[str], Path], tmp_path: Path) -> Path:
    """The Python of a new environment in which there is nothing but pip."""
    shutil.copytree(_pips(request.param), tmp_path / "venv", symlinks=True)
    return tmp_path / "venv" / "bin" / "python"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the only index there is."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder
