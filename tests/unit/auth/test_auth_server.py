"""The sign-on's headers over a socket: what gunicorn is sent, before anything of it is joined."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Final

import pytest

from dashboard.settings import STATIC_ROOT
from tests.assertions import AUDIENCE, GROUPS, HEADER, ISSUER, jwks, token
from tests.browser.program import ROOT, free_ports
from tests.environment import MADE_UP
from tests.sign_on.programs import PATIENCE, Program

SECRET: Final = "canary-of-a-proxy-0123456789abcdef"
GUIDS: Final = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(200)]
Sent = list[tuple[str, str]]
Ask = Callable[..., tuple[int, str]]

GRANTS: Final = {f"DASHBOARD_{role.upper()}_GROUPS": group for role, group in GROUPS.items()}
BY_HEADERS: Final = {
    "DASHBOARD_AUTH": "header",
    "DASHBOARD_AUTH_SECRET": SECRET,
    "DASHBOARD_TRUSTED_PEERS": "127.0.0.1/32",
    "DASHBOARD_AUTH_USER_HEADER": "X-Remote-Person",  # names of the deployer's own, too
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An empty database and collected static files."""
    folder = tmp_path_factory.mktemp("server")
    ours = ("DASHBOARD_", "VAULTPLUS_", "DJANGO_", "COVERAGE_", "DATABASE_")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    made = {**outside, **MADE_UP, "DATABASE_URL": f"sqlite:///{folder / 'server.sqlite3'}"}
    commands = [["migrate", "-v0"]]
    if not (STATIC_ROOT / "staticfiles.json").exists():
        commands.append(["collectstatic", "--no-input", "-v0"])
    for command in commands:
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=made, check=True)
    return made


def serving(folder: Path, environment: dict[str, str], **settings: str) -> Iterator[Ask]:
    [port] = free_ports(1)
    command = [sys.executable, "-m", "gunicorn", "-c", "python:dashboard.server"]
    bound = {"DASHBOARD_BIND": f"127.0.0.1:{port}", "DASHBOARD_ALLOWED_HOSTS": "127.0.0.1"}
    program = Program("dashboard", port, folder, command, {**environment, **GRANTS, **bound, **settings})

    def ask(sent: Sent, path: str = "/lookup/", lines: Collection[str] = ()) -> tuple[int, str]:
        """Send headers, and lines as they stand, which no library would send."""
        named = [f"{name}: {value}" for name, value in [("X-Forwarded-Proto", "https"), *sent]]
        head = "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *named, *lines, "", ""])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
            peer.sendall(head.encode())
            answer = HTTPResponse(peer, method="GET")
            answer.begin()
            return answer.status, answer.read().decode()

    try:
        program.start()
        yield ask
    finally:
        program.stop()


@pytest.fixture(scope="module")
def by_headers(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    yield from serving(tmp_path_factory.mktemp("headers"), environment, **BY_HEADERS)


@pytest.fixture(scope="module")
def by_assertion(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    folder = tmp_path_factory.mktemp("assertion")
    (folder / "jwks.json").write_text(json.dumps(jwks("first")))
    yield from serving(
        folder,
        environment,
        DASHBOARD_AUTH="assertion",
        DASHBOARD_AUTH_HEADER=HEADER,
        DASHBOARD_AUTH_JWKS=str(folder / "jwks.json"),
        DASHBOARD_AUTH_ISSUER=ISSUER,
        DASHBOARD_AUTH_AUDIENCE=AUDIENCE,
    )


def good(**changes: str) -> Sent:
    usual = {
        "X-SSO-Secret": SECRET,
        "X-Remote-Person": "jane",
        "X-Forwarded-Email": "jane@example.com",
        "X-Forwarded-Groups": GROUPS["viewer"],
    }
    return list({**usual, **{name.replace("_", "-"): value for name, value in changes.items()}}.items())


def test_each_header_once_is_a_person(by_headers: Ask) -> None:
    status, page = by_headers(good())
    assert status == 200, page
    assert "jane@example.com, viewer" in page


@pytest.mark.parametrize("name", [name for name, _ in good()])
@pytest.mark.parametrize("spelling", [str, str.lower])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("value", ["", None, GROUPS["admin"]])
def test_a_header_that_is_sent_twice_is_refused(
    by_headers: Ask, name: str, spelling: Callable[[str], str], before: bool, value: str | None
) -> None:
    second = (spelling(name), dict(good())[name] if value is None else value)
    status, page = by_headers([second, *good()] if before else [*good(), second])
    assert status == 401, page
    assert f"{name} was sent twice" in page


OURS: Final = f"X-Forwarded-Groups: {GROUPS['viewer']}"
MORE: Final = GROUPS["admin"]
JOINED: Final[dict[str, tuple[int, list[str]]]] = {
    "in mixed case": (401, [OURS, f"x-FoRwArDeD-gRoUpS: {MORE}"]),
    "in upper case": (401, [f"X-FORWARDED-GROUPS: {MORE}", OURS]),
    "three times": (401, [OURS, f"x-forwarded-groups: {MORE}", OURS]),
    "spaces alone": (401, ["X-Forwarded-Groups:   \t ", OURS]),
    "no space": (401, [OURS, f"X-Forwarded-Groups:{MORE}"]),
    "tabs around": (401, [OURS, f"X-Forwarded-Groups:\t{MORE}\t"]),
    "a comma at the start": (401, [OURS, f"X-Forwarded-Groups: ,{MORE}"]),
    "far apart": (401, [f"X-Forwarded-Groups: {MORE}", *(f"X-{n}: a" for n in range(40)), OURS]),
    "underscores": (200, [OURS, f"X_Forwarded_Groups: {MORE}"]),
    "one underscore": (200, [f"X-Forwarded_Groups: {MORE}", OURS]),
    "another dash": (400, [OURS, f"X-Forwarded\u2010Groups: {MORE}"]),
    "a space before the colon": (400, [OURS, f"X-Forwarded-Groups : {MORE}"]),
    "a tab before the colon": (400, [OURS, f"X-Forwarded-Groups\t: {MORE}"]),
    "a space before the name": (400, [OURS, f" X-Forwarded-Groups: {MORE}"]),
    "a line that goes on": (400, [OURS, f" ,{MORE}"]),
    "a line that goes on after a tab": (400, [OURS, f"\t,{MORE}"]),
    "a value on the next line": (400, ["X-Forwarded-Groups:", f" {MORE}"]),
    "a bare line feed": (400, [f"{OURS}\nX-Forwarded-Groups: {MORE}"]),
    "a bare carriage return": (400, [f"{OURS}\rX-Forwarded-Groups: {MORE}"]),
    "NUL in the name": (400, [OURS, f"X-Forwarded-Groups\0: {MORE}"]),
    "NUL in the value": (400, [f"{OURS}\0,{MORE}"]),
}
"""By which a server might join a group to what the proxy sent: the answer, and lines of the request."""


@pytest.mark.parametrize("form", JOINED)
def test_no_form_of_a_second_header_adds_groups(by_headers: Ask, form: str) -> None:
    status, lines = JOINED[form]
    rest = [(name, value) for name, value in good() if name != "X-Forwarded-Groups"]
    answered, page = by_headers(rest, lines=lines)
    assert answered == status, page
    assert ("jane@example.com, viewer" in page) is (status == 200)
    assert "jane@example.com, admin" not in page


def test_groups_by_commas_in_one_header_are_groups(by_headers: Ask) -> None:
    status, page = by_headers(good(X_Forwarded_Groups=f"staff,{GROUPS['operator']}"))
    assert status == 200
    assert "jane@example.com, operator" in page


@pytest.mark.parametrize("email", ["", "(null)", "-", "null", "jane@example.com,j@example.org"])
def test_a_person_with_a_comma_in_their_name_comes_in(by_headers: Ask, email: str) -> None:
    name = "CN=Jane Doe,OU=Ops,O=Example"
    status, page = by_headers(good(X_Remote_Person=name, X_Forwarded_Email=email))
    assert status == 200, page
    assert f"{email if '@' in email else name}, viewer" in page


def test_nobody_says_that_nothing_was_sent_twice(by_headers: Ask) -> None:
    """What the server notes for the pages behind it cannot be sent."""
    twice = ("X-Forwarded-Groups", GROUPS["admin"])
    for claimed in ([("X-Repeated-Headers", "")], [("X-Repeated-Headers", "")] * 2, []):
        for sent in ([*claimed, *good(), twice], [twice, *good(), *claimed]):
            assert by_headers(sent)[0] == 401
    assert by_headers([("X-Repeated-Headers", "X-SSO-SECRET"), *good()])[0] == 200


@pytest.mark.parametrize(("count", "status"), [(2, 401), (3, 401), (1, 200)])
def test_an_assertion_that_is_sent_twice_is_refused(by_assertion: Ask, count: int, status: int) -> None:
    answered, page = by_assertion([(HEADER, token())] * count)
    assert answered == status, page
    assert (f"{HEADER} was sent twice" in page) is (count > 1)


@pytest.mark.parametrize("length", [36, 100])
def test_two_hundred_groups_come_in_by_an_assertion(by_assertion: Ask, length: int) -> None:
    groups = [GROUPS["viewer"], *(guid.ljust(length, "x") for guid in GUIDS)]
    status, page = by_assertion([(HEADER, token(groups=groups))])
    assert status == 200, page


@pytest.mark.parametrize("length", [36, 100])
def test_two_hundred_groups_come_in_by_a_header(by_headers: Ask, length: int) -> None:
    groups = [*(guid.ljust(length, "x") for guid in GUIDS), GROUPS["viewer"]]
    status, page = by_headers(good(X_Forwarded_Groups=",".join(groups)))
    assert status == 200, page


@pytest.mark.parametrize(("count", "status"), [(628, 401), (2000, 431)])
def test_where_groups_end_the_page_speaks_of_groups_first(by_assertion: Ask, count: int, status: int) -> None:
    groups = [f"{number:036d}" for number in range(count)]
    answered, page = by_assertion([(HEADER, token(groups=groups))])
    assert answered == status, len(token(groups=groups))
    assert "groups" in page.partition("cookies")[0]


@pytest.mark.parametrize(
    "start", ["//", "///", "/%2f", "/%5c", "/\\", "/%09/", "/%09%2f", "/%0a\\", "/%20//"]
)
def test_the_way_back_begins_with_one_slash(by_assertion: Ask, start: str) -> None:
    status, page = by_assertion([], f"{start}evil.example/login?a=b")
    assert status == 401
    assert 'href="/evil.example/login?a=b"' in page
