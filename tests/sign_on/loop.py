"""The whole loop on loopback: identity provider, sign-on proxy, dashboard, and a service behind it."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any, Final, Self
from urllib.parse import quote

from dashboard.sandbox import DEMO_CONNECTIONS, DEMO_KEY
from tests.browser.program import Sandbox, free_ports
from tests.environment import MADE_UP
from tests.sign_on.keys import SigningKey, write_certificate
from tests.sign_on.programs import HERE, MODULES, ROOT, Program, found, install_provider

CLIENT: Final = "vault-dashboard"

PEOPLE: Final[dict[str, dict[str, Any]]] = {
    "vera": {"name": "Vera Lind", "groups": ["support"]},
    "omar": {"name": "Omar Haddad", "groups": ["trust-and-safety", "support"]},
    "ada": {"name": "Ada Brandt", "groups": ["support", "vault-admins"]},
    "max": {"name": "Max Gast", "groups": ["canteen", "Vault-Admins"]},
}
"""Who there is at the provider. A group's name is compared exactly, so that `Vault-Admins` gives nothing."""


class Loop:
    """Everything between a browser and the service; `url` is where people go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        node, apache, app, service = free_ports(4)
        self.url = f"https://127.0.0.1:{apache}"
        self.issuer = f"http://localhost:{node}"
        self.app_url = f"http://127.0.0.1:{app}"
        self.sandbox = Sandbox(f"http://127.0.0.1:{service}")
        self._keys: list[SigningKey] = []
        self._secret = secrets.token_urlsafe(32)
        ours = ("DASHBOARD_", "VAULTPLUS_", "DJANGO_", "COVERAGE_", "DATABASE_")
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(ours) and not name.lower().endswith("_proxy")
        }
        python = [sys.executable, "-m"]
        sandbox = self._program("sandbox", service, [*python, "dashboard.sandbox", "--port", str(service)])
        self.provider = self._program(
            "provider", node, [found("node"), str(HERE / "provider.mjs"), str(node), str(folder)]
        )
        self.dashboard = self._program(
            "dashboard", app, [*python, "gunicorn", "-c", "python:dashboard.server"]
        )
        self.dashboard.environment |= self._settings(app)
        self.apache = self._program(
            "apache", apache, [found("apache2"), "-f", str(folder / "apache.conf"), "-D", "FOREGROUND"]
        )
        self._programs = (sandbox, self.provider, self.dashboard, self.apache)

    def _program(self, name: str, port: int, command: list[str]) -> Program:
        return Program(name, port, self.folder, command, dict(self._environment))

    def _settings(self, port: int) -> dict[str, str]:
        """The very lines that docs/sign-on.md gives, and what has nothing to do with signing in."""
        lines = self._as_here(read_block("dotenv"))
        return {
            **MADE_UP,
            **dict(line.split("=", 1) for line in lines.splitlines()),
            "DASHBOARD_ALLOWED_HOSTS": "127.0.0.1",
            "DASHBOARD_BIND": f"127.0.0.1:{port}",
            "VAULTPLUS_API_URL": self.sandbox.url,
            "VAULTPLUS_API_KEY": DEMO_KEY,
            "VAULTPLUS_MEDIA_HOSTS": self.sandbox.url,
            "DATABASE_URL": f"sqlite:///{self.folder / 'dashboard.sqlite3'}",
            "PYTHONUNBUFFERED": "1",
        }

    def _as_here(self, lines: str) -> str:
        """The document's lines with our addresses in place of the examples'."""
        for example, real in {
            "https://login.example.com": self.issuer,
            "https://vault.example.com": self.url,
            "https%3A%2F%2Fvault.example.com": quote(self.url, safe=""),
            r"https://vault\.example\.com": re.escape(self.url),
            "http://127.0.0.1:8000": self.app_url,
            "CLIENT-SECRET": self._secret,
            "LONG-RANDOM-TEXT": secrets.token_urlsafe(32),
        }.items():
            lines = lines.replace(example, real)
        assert "example" not in lines, lines
        return lines

    def start(self) -> Self:
        install_provider()
        self.meet()
        self.rotate(SigningKey())
        write_certificate(self.folder / "proxy.pem")
        (self.folder / "apache.conf").write_text(self._apache())
        self.prepare_database()
        if "STATIC_COLLECTED" not in os.environ:  # by tests/run, before others read them beside this
            self.manage("collectstatic", "--no-input")
        for program in self._programs:
            program.start()
        return self

    def stop(self) -> None:
        for program in reversed(self._programs):
            program.stop()

    def check(self) -> None:
        """Assert that every program still runs."""
        for program in self._programs:
            program.check()

    def manage(self, *command: str) -> str:
        """What a command of manage.py says, under the dashboard's settings; asserts that it succeeds."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.dashboard.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prepare_database(self, role: str = "") -> None:
        """Tables, and the small connection; from then on as `role`, where one is named."""
        small = DEMO_CONNECTIONS[0]
        self.manage("migrate", "--verbosity", "0")
        if role:
            self.manage("grants", role, "--apply")
            owner = self.dashboard.environment["DATABASE_URL"]
            self.dashboard.environment["DATABASE_URL"] = owner.replace("postgres@", f"{role}@")
        self.manage("connection", "add", small.slug, small.id, "--label", small.label)

    @contextmanager
    def over(self, database: str, role: str = "") -> Iterator[None]:
        """The dashboard started anew over another, empty database while the block lasts, as `role`."""
        usual = self.dashboard.environment["DATABASE_URL"]
        self.dashboard.stop()
        try:
            self.dashboard.environment["DATABASE_URL"] = database
            self.prepare_database(role)
            self.dashboard.start()
            yield
        finally:
            self.dashboard.stop()
            self.dashboard.environment["DATABASE_URL"] = usual
            self.dashboard.start()

    def meet(self, **changed: dict[str, Any]) -> None:
        """Have the provider know everybody as at first, but for what is `changed` by account."""
        people = {
            account: {
                "email": f"{account}@example.com",
                "token_seconds": 3600,
                **usual,
                **changed.get(account, {}),
            }
            for account, usual in PEOPLE.items()
        }
        written = self.folder / "people.json.new"
        written.write_text(json.dumps(people))
        written.replace(self.folder / "people.json")

    def rotate(self, key: SigningKey) -> None:
        """Have the provider sign with `key` from its next start on; those before stay good for a while."""
        self.key = key
        self._keys.insert(0, key)
        client = {
            "client_id": CLIENT,
            "client_secret": self._secret,
            "redirect_uris": [f"{self.url}/sso/callback"],
            "post_logout_redirect_uris": [f"{self.url}/"],
        }
        settings = {
            "issuer": self.issuer,
            "jwks": {"keys": [one.jwk() for one in self._keys]},
            "client": client,
        }
        (self.folder / "provider.json").write_text(json.dumps(settings))

    def claims(self, account: str = "omar", **changed: Any) -> dict[str, Any]:
        """What the provider says of somebody in an assertion; a claim changed to None is left out."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": account,
            "iat": now,
            "exp": now + 600,
            "auth_time": now,
            "email": f"{account}@example.com",
            **PEOPLE[account],
        }
        return {name: value for name, value in {**usual, **changed}.items() if value is not None}

    def _apache(self) -> str:
        """The proxy's configuration around the very lines that docs/sign-on.md gives to operators."""
        return Template((HERE / "apache.conf").read_text()).substitute(
            FOLDER=self.folder,
            PORT=self.apache.port,
            MODULES=MODULES,
            ACCOUNT="User nobody\nGroup nogroup" if os.geteuid() == 0 else "",
            SIGN_ON=self._as_here(read_block("apache")),
        )


def read_block(language: str) -> str:
    """The one block of code in this language that docs/sign-on.md has."""
    text = (ROOT / "docs" / "sign-on.md").read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1, f"docs/sign-on.md has {len(blocks)} blocks of {language}"
    return str(blocks[0])
