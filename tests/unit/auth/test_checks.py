"""A view without a role stops every start: of a command, of the worker and of the web server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from django.core.checks import run_checks
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import SystemCheckError
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path

from dashboard import server
from dashboard.auth.roles import needs, public
from dashboard.identity import Role
from tests.browser.program import ROOT, free_ports
from tests.environment import MADE_UP


def unmarked(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@public
def probe(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@needs(Role.ADMIN)
def admins_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Marked:
    urlpatterns = (path("probe", probe), path("inner/", include([path("admins", admins_only)])))


class Unmarked:
    urlpatterns = (*Marked.urlpatterns, path("unmarked", unmarked))


class UnmarkedWithin:
    urlpatterns = (
        *Marked.urlpatterns,
        path("inner/", include([path("deep/", include(list(Unmarked.urlpatterns)))])),
    )


def test_every_address_of_ours_names_a_role() -> None:
    assert run_checks() == []


def test_views_that_are_marked_are_right() -> None:
    with override_settings(ROOT_URLCONF=Marked):
        assert run_checks() == []


@pytest.mark.parametrize("addresses", [Unmarked, UnmarkedWithin])
def test_a_view_without_a_role_is_an_error(addresses: type) -> None:
    with override_settings(ROOT_URLCONF=addresses):
        [error] = run_checks()
        assert error.id == "dashboard.E001"
        assert f"{unmarked.__module__}.unmarked names no role" in error.msg
        with pytest.raises(SystemCheckError):
            call_command("check")


SITE: Final = """
from django.http import HttpResponse
from django.urls import path
from dashboard.settings import *

ROOT_URLCONF = "site_with_a_gap"

def unmarked(request):
    return HttpResponse()

urlpatterns = [path("", unmarked)]
"""


@pytest.mark.parametrize(
    "command",
    [["manage.py", "worker"], ["-m", "gunicorn", "-c", "python:dashboard.server"]],
    ids=["worker", "web server"],
)
def test_a_view_without_a_role_stops_the_start(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "site_with_a_gap.py").write_text(SITE)
    environ = {
        **MADE_UP,
        "DJANGO_SETTINGS_MODULE": "site_with_a_gap",
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
        "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3",
        "DASHBOARD_BIND": f"127.0.0.1:{free_ports(1)[0]}",
    }
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "site_with_a_gap.unmarked names no role" in done.stderr


def test_a_start_is_checked_without_the_database() -> None:
    """This test may not ask it, and Django's checks do so from 6.1 on."""
    server.check_site()
    names = [name for name, app in get_commands().items() if app == "dashboard"]
    assert {"demo", "worker", "connection"} <= set(names)
    for name in names:
        load_command_class("dashboard", name).check()
