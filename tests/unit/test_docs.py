"""The README names every setting that the program reads."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def settings_read() -> list[str]:
    """Every variable that the settings, those of the sign-on and the server's take from the environment."""
    files = ("settings.py", "auth/settings.py", "server.py")
    sources = [(ROOT / "dashboard" / name).read_text() for name in files]
    calls = r"(?:env\.\w+|os\.environ\.get|reader\.(?:optional|needed))\(\s*\"([A-Z_]+)\""
    return sorted({name for source in sources for name in re.findall(calls, source)})


def test_the_settings_are_found() -> None:
    some = {"VAULTPLUS_API_URL", "DATABASE_URL", "DASHBOARD_BIND", "DASHBOARD_AUTH", "DASHBOARD_AUTH_SECRET"}
    assert some <= set(settings_read())


@pytest.mark.parametrize("name", settings_read())
def test_the_readme_names_it(name: str) -> None:
    assert f"`{name}" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", ["VAULTPLUS_API_KEY_FILE", "DASHBOARD_SECRET_KEY_FILE"])
def test_the_readme_names_the_files_of_secrets(name: str) -> None:
    assert name in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("command", ["manage.py demo", "tests/run"])
def test_the_readme_names_the_two_commands(command: str) -> None:
    assert command in (ROOT / "README.md").read_text()
