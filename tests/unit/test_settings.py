"""Settings: each missing or wrong one is a sentence, nothing starts, and no secret is printed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.browser.program import free_ports
from tests.environment import API_KEY, MADE_UP, NO_BUDGETS, SECRET_KEY
from tests.starter import ROOT, Starter

Check = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def starter() -> Iterator[Starter]:
    with Starter() as starter:
        yield starter


@pytest.fixture
def check(starter: Starter, tmp_path: Path) -> Check:
    """`manage.py check` under made-up settings with changes; None takes a setting away."""

    def check(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        wanted = {**passed_on, **MADE_UP, "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3", **changes}
        environ = {name: value for name, value in wanted.items() if value is not None}
        return starter.run(list(arguments or ["check"]), environ)

    return check


def test_these_settings_start(check: Check) -> None:
    done = check()
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_deployment_has_no_warning(check: Check) -> None:
    done = check("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    "name", ["VAULTPLUS_API_KEY", "DASHBOARD_AUTH", "DASHBOARD_SECRET_KEY", "DASHBOARD_ALLOWED_HOSTS"]
)
@pytest.mark.parametrize("value", [None, "", " "])
def test_a_missing_setting_is_named(check: Check, name: str, value: str | None) -> None:
    refused(check(**{name: value}), name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VAULTPLUS_API_URL", "api.ofauth.com"),
        ("VAULTPLUS_API_URL", "http://api.ofauth.com"),
        ("VAULTPLUS_API_URL", "https://user:pw-canary@api.ofauth.com"),
        ("VAULTPLUS_API_URL", "http://127.0.0.1/a/../b"),
        ("VAULTPLUS_MEDIA_HOSTS", "media.ofauth.com"),
        ("VAULTPLUS_MEDIA_HOSTS", "https://media.ofauth.com,http://media.example"),
        ("VAULTPLUS_MEDIA_HOSTS", "https://media.ofauth.com; script-src *"),
        ("DASHBOARD_AUTH", "none"),
        ("DASHBOARD_AUTH", "Demo"),
        ("DASHBOARD_SECRET_KEY", "canary-too-short"),
        ("DASHBOARD_DEBUG", "perhaps"),
        ("DASHBOARD_MEDIA_MODE", "blurry"),
        ("DASHBOARD_MEDIA_CEILING", "high"),
        ("DASHBOARD_PLAIN_HTTP", "maybe"),
        *(("DASHBOARD_WRITE_SECONDS", text) for text in ("soon", "0", "-1", "nan", "inf", "3601")),
        *((name, "-1") for name in NO_BUDGETS),
        *(("DASHBOARD_STANDING_HOURS", text) for text in ("a day", "0", "-1", "0.2", "nan", "inf", "721")),
        ("DASHBOARD_ALLOWED_HOSTS", "127.0.0.1,*"),
        ("DASHBOARD_SECRET_KEY", "canary-" * 10),
        ("DASHBOARD_AUDIT_KEYS", "ab" * 30),
        ("DASHBOARD_ANCHOR_KEYS", "canary-too-short"),
        ("DASHBOARD_ANCHOR_KEYS", MADE_UP["DASHBOARD_AUDIT_KEYS"]),
        ("DASHBOARD_ANCHORS", "/no/such/folder/anchors"),
        ("DASHBOARD_ANCHORS", "/tmp"),  # noqa: S108 - a folder, and nothing is written
        ("DASHBOARD_ANCHORS", "anchors.jsonl"),
        ("DASHBOARD_ANCHORS", "http://log.example.com/"),
        ("DASHBOARD_ANCHORS", "https://user:pw-canary@log.example.com/"),
        ("DASHBOARD_ANCHORS", "https://log.example.com:canary/"),
        ("DASHBOARD_ANCHORS", "https://log.example.com:99999/canary"),
        ("DASHBOARD_ANCHORS", "s3://Canary_Bucket/anchors"),
        ("DASHBOARD_ANCHORS", "s3://canary-bucket/../anchors"),
        ("DASHBOARD_ANCHORS", "s3://canary-key@canary-bucket"),
        ("DASHBOARD_ANCHOR_S3_ENDPOINT", "http://canary.example.com"),
        ("DASHBOARD_ANCHOR_S3_ENDPOINT", "https://canary.example.com/bucket"),
        *(("DASHBOARD_ANCHOR_RETENTION_DAYS", text) for text in ("a year", "0", "36501")),
        *(("DASHBOARD_ANCHOR_SECONDS", text) for text in ("soon", "9", "nan", "86401")),
        ("DASHBOARD_DATA_KEYS", f"{MADE_UP['DASHBOARD_DATA_KEYS']},{'x' * 40}"),
        ("DASHBOARD_TICKET_URL", "https://desk.example.com/tickets/"),
        ("DASHBOARD_TICKET_URL", "https://desk.example.com/{ticket}/{ticket}"),
        ("DASHBOARD_TICKET_URL", "https://desk.example.com/{id}/{ticket}"),
        ("DASHBOARD_TICKET_URL", "http://desk.example.com/{ticket}"),
        ("DASHBOARD_TICKET_URL", "https://{ticket}.example.com/"),
        ("DASHBOARD_TICKET_URL", "https://user@desk.example.com/{ticket}"),
        ("DASHBOARD_TICKET_URL", "https://desk.example.com/a {ticket}"),
        ("DASHBOARD_TICKET_URL", "javascript:{ticket}"),
        ("DATABASE_URL", "nosuch://canary-db-password@host/x"),
    ],
)
def test_a_wrong_setting_is_named(check: Check, name: str, value: str) -> None:
    anchor_key = {
        "DASHBOARD_ANCHOR_KEYS": "canary-anchor-key-Pb7Lw-0123456789abcdef"
    }  # that it lacks is named, too
    refused(check(**{**anchor_key, name: value}), name)


def test_the_demo_mode_wants_a_service_on_this_machine(check: Check) -> None:
    refused(check(VAULTPLUS_API_URL="https://api.ofauth.com"), "DASHBOARD_AUTH")
    refused(check(VAULTPLUS_API_URL=None), "DASHBOARD_AUTH")


@pytest.mark.parametrize("hosts", ["testserver", "127.0.0.1,vault.example.com", ".example.com"])
def test_the_demo_is_for_names_of_this_machine(check: Check, hosts: str) -> None:
    refused(check(DASHBOARD_ALLOWED_HOSTS=hosts), "DASHBOARD_AUTH=demo")


def test_the_demo_listens_to_this_machine(check: Check) -> None:
    assert check(DASHBOARD_BIND="127.0.0.1:8000,unix:/run/x.sock").returncode == 0
    refused(check(DASHBOARD_BIND="127.0.0.1:8000,:8001"), "DASHBOARD_BIND")


@pytest.mark.parametrize(
    ("way", "options"),
    [("arguments", "--bind 0.0.0.0:{port}"), ("variable", "-b 127.0.0.1:0 -b 0.0.0.0:{port}")],
)
def test_a_demo_that_gunicorn_would_show_to_others_does_not_start(
    tmp_path: Path, way: str, options: str
) -> None:
    """Its own options and GUNICORN_CMD_ARGS come after DASHBOARD_BIND."""
    options = options.format(port=free_ports(1)[0])
    environ = {"PATH": os.environ["PATH"], **MADE_UP, "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"}
    command = [sys.executable, "-m", "gunicorn", "-c", "python:dashboard.server"]
    if way == "variable":
        environ["GUNICORN_CMD_ARGS"] = options
    else:
        command += options.split()
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    refused(done, "DASHBOARD_AUTH=demo")


ELSEWHERE: Final = (
    "a.example",
    "127.0.0.1,a.example",
    "127.0.0.1.a.example",
    "localhost.a.example",
    "a.localhost",
    ".localhost",
    "192.0.2.1",
    "[::]",
    "10.0.0.5",
    "*",
)
"""Names by which not only this machine reaches the program."""
UNSAFE: Final = ("DASHBOARD_DEBUG", "DASHBOARD_PLAIN_HTTP")


@pytest.mark.parametrize("name", UNSAFE)
@pytest.mark.parametrize("hosts", ["127.0.0.1,localhost", "[::1]"])
def test_what_is_unsafe_starts_in_a_demo_on_this_machine(check: Check, name: str, hosts: str) -> None:
    done = check(**{name: "1"}, DASHBOARD_ALLOWED_HOSTS=hosts)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("hosts", ELSEWHERE)
def test_what_is_unsafe_is_for_loopback_names_only(check: Check, hosts: str) -> None:
    """One start for both, each of which is named."""
    done = check(**dict.fromkeys(UNSAFE, "1"), DASHBOARD_ALLOWED_HOSTS=hosts)
    for name in UNSAFE:
        refused(done, f"{name} ")


@pytest.mark.parametrize("spelled", ["1", "true", "True", "TRUE", "t", "yes", "YES", "y", "on", "On", " 1 "])
def test_what_is_unsafe_is_for_the_demo_only_however_it_is_spelled(check: Check, spelled: str) -> None:
    here = {"DASHBOARD_ALLOWED_HOSTS": "127.0.0.1", "VAULTPLUS_API_URL": "http://127.0.0.1:9"}
    done = check(**{**BEHIND_HEADERS, **here, **dict.fromkeys(UNSAFE, spelled)})
    for name in UNSAFE:
        refused(done, f"{name} ")


ONE_KEY: Final = "canary-one-key-for-all-of-them-0123456789-abcdefghijklmnop"


def test_each_key_has_a_text_of_its_own(check: Check) -> None:
    names = ("VAULTPLUS_API_KEY", "DASHBOARD_SECRET_KEY", "DASHBOARD_DATA_KEYS", "DASHBOARD_AUTH_SECRET")
    done = check(**{**BEHIND_HEADERS, **dict.fromkeys(names, ONE_KEY)})
    refused(done, " and ".join(names))


def test_anchors_need_a_key(check: Check, tmp_path: Path) -> None:
    refused(check(DASHBOARD_ANCHORS="https://log.example.com/anchors"), "DASHBOARD_ANCHOR_KEYS is missing")
    done = check(
        DASHBOARD_ANCHORS=f"{tmp_path}/x,https://log.example.com/?a=b", DASHBOARD_ANCHOR_KEYS=ONE_KEY
    )
    assert done.returncode == 0, done.stderr


BEHIND_HEADERS: Final[dict[str, str | None]] = {
    "DASHBOARD_AUTH": "header",
    "DASHBOARD_AUTH_SECRET": "canary-of-a-proxy-0123456789abcdef",
    "DASHBOARD_TRUSTED_PEERS": "10.0.0.5/32",
    "DASHBOARD_VIEWER_GROUPS": "staff",
    "VAULTPLUS_API_URL": "https://api.ofauth.com",
}
"""The rest of how people sign in is tested in auth/test_auth_settings.py, without a process for each case."""


def test_behind_a_sign_on_the_real_service_may_be_used(check: Check) -> None:
    done = check("check", "--deploy", "--fail-level", "WARNING", **BEHIND_HEADERS)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DASHBOARD_AUTH_SECRET", "canary-too-short"),
        ("DASHBOARD_AUTH_SECRET", None),
        ("DASHBOARD_VIEWER_GROUPS", None),
        ("DASHBOARD_PLAIN_HTTP", "1"),
        ("DASHBOARD_AUTH", "assertion"),
    ],
)
def test_half_a_sign_on_does_not_start(check: Check, name: str, value: str | None) -> None:
    refused(check(**{**BEHIND_HEADERS, name: value}), name)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path, check: Check) -> None:
    done = check(DASHBOARD_MEDIA_MODE="x", DASHBOARD_AUTH=None, VAULTPLUS_API_URL="x")
    for name in ("DASHBOARD_MEDIA_MODE", "DASHBOARD_AUTH", "VAULTPLUS_API_URL"):
        refused(done, name)
    done = check(
        **BEHIND_HEADERS,
        DASHBOARD_DEBUG="1",
        DASHBOARD_PLAIN_HTTP="1",
        DASHBOARD_ALLOWED_HOSTS="*",
        DASHBOARD_PROXIES="0.0.0.0/0",
        DASHBOARD_ADMIN_GROUPS="staff",
        DASHBOARD_SECRET_KEY="x" * 60,
        DASHBOARD_DATA_KEYS=ONE_KEY,
        DASHBOARD_AUDIT_KEYS=ONE_KEY,
    )
    for name in (
        "DEBUG",
        "PLAIN_HTTP",
        "ALLOWED_HOSTS is",
        "PROXIES",
        "ADMIN_GROUPS",
        "SECRET_KEY",
        "DATA_KEYS",
    ):
        refused(done, f"DASHBOARD_{name}")


@pytest.mark.parametrize("name", ["VAULTPLUS_API_KEY", "DASHBOARD_SECRET_KEY"])
def test_a_secret_may_stand_in_a_file(tmp_path: Path, check: Check, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text(MADE_UP[name] + "\n")
    done = check(**{name: None, f"{name}_FILE": str(secret)})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["VAULTPLUS_API_KEY", "DASHBOARD_SECRET_KEY"])
def test_a_secret_file_that_is_missing_or_empty_is_named(tmp_path: Path, check: Check, name: str) -> None:
    refused(check(**{name: None, f"{name}_FILE": str(tmp_path / "nowhere")}), name)
    (tmp_path / "empty").write_text("")
    refused(check(**{name: None, f"{name}_FILE": str(tmp_path / "empty")}), name)


def test_the_key_from_a_file_has_no_line_end(tmp_path: Path) -> None:
    """A key with a line end in it would end up as a header of its own."""
    secret = tmp_path / "key"
    secret.write_text(f"{API_KEY}\r\n")
    look = "from dashboard.settings import VAULTPLUS_API_KEY as key; print(key.isprintable(), len(key))"
    environ = {**MADE_UP, "VAULTPLUS_API_KEY_FILE": str(secret), "PATH": os.environ["PATH"]}
    del environ["VAULTPLUS_API_KEY"]
    said = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    assert said.stdout.split() == ["True", str(len(API_KEY))], said.stderr


def refused(done: subprocess.CompletedProcess[str], name: str) -> None:
    """It ended with 1 and a sentence that names the setting, without a traceback or any secret."""
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert name in said
    assert "Traceback" not in said
    assert "did not start" in said
    for secret in (API_KEY, SECRET_KEY, "canary"):
        assert secret not in said, said
