"""A real browser before the real program: the shipped demo, started once, and a fresh window a test."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    StorageState,
    expect,
)

from tests.browser.program import Program, Sandbox
from tests.crash.program import Person

PATIENCE_MS: Final = 20_000
"""A busy machine is no failure."""
WIDE: Final = {"width": 1440, "height": 900}
expect.set_options(timeout=PATIENCE_MS)

TELL_VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The running demo; it has to stop as cleanly as it started."""
    program = Program(tmp_path_factory.mktemp("program"))
    try:
        yield program.wait()
    finally:
        program.stop()


@pytest.fixture(scope="session")
def past(program: Program) -> None:
    """A record that is not empty: removals in several states, and what else people do."""
    program.manage("shell", "-c", "from tests.browser import past; past.write()")


@pytest.fixture(scope="session")
def visitor(program: Program) -> Iterator[Person]:
    """Somebody who has the dashboard ask the service again after a test that made it fail."""
    visitor = Person(program.url, "viewer")
    yield visitor
    visitor.leave()


@pytest.fixture
def sandbox(program: Program, visitor: Person) -> Sandbox:
    """The service as new, asked by the dashboard again, and nothing selected.

    A 401 would be remembered for a minute, which no test waits for: a refused key is a 403 here, and
    `tests/pages/test_service_in_trouble.py` has what is particular about a 401.
    """
    program.check()
    program.empty_selections()
    program.sandbox.reset()
    while program.breaker() != "closed":
        visitor.download("/c/studio-a/media/").close()
        time.sleep(0.1)
    return program.sandbox


class Console:
    """What browsers complained of. A test that provokes a refusal says which complaints it expects."""

    REFUSED = r"Failed to load resource: the server responded with a status of [45]\d\d"
    NOT_REACHED = r"Failed to load resource: net::ERR_"
    # htmx itself writes down every answer that is an error, and every request that got none.
    HTMX = r"Response Status Error Code \d+ from |htmx:(sendError|sendAbort|afterRequest)"

    # Chromium notes down that it did as the sign-out's answer told it.
    NOTED = r"^info: Clear-Site-Data header"

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._expected = [self.NOTED]

    def expect_refusals(self) -> None:
        self._expected += [self.REFUSED, self.HTMX]

    def expect_lost_network(self) -> None:
        self._expected += [self.NOT_REACHED, self.HTMX]

    def expect(self, pattern: str) -> None:
        self._expected.append(pattern)

    def expect_overtaken(self) -> None:
        self._expected.append(self.HTMX)

    def watch(self, context: BrowserContext, home: str) -> None:
        """Listen to every page of the context; nothing but reads may leave the program at `home`."""
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"page error: {error.error}"))
        context.on("request", lambda request: self._asked(request, home))

    def _heard(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request, home: str) -> None:
        if request.method not in ("GET", "HEAD") and not request.url.startswith(home):
            self.complaints.append(f"{request.method} to {request.url}")

    def unexpected(self) -> list[str]:
        return [
            text for text in self.complaints if not any(re.search(known, text) for known in self._expected)
        ]


@pytest.fixture
def console() -> Iterator[Console]:
    console = Console()
    yield console
    assert console.unexpected() == []


class Desk:
    """Opens windows on the program: each with cookies of its own, watched by the console's guard."""

    _signed_in: dict[str, StorageState] = {}
    """The cookies of each role, from one sign-in a run."""

    def __init__(self, browser: Browser, url: str, console: Console) -> None:
        self._browser, self._url, self._console = browser, url, console
        self._contexts: list[BrowserContext] = []

    def window(self, role: str = "operator", path: str = "/c/studio-a/media/", **options: Any) -> Page:
        """A new window at `path`, signed in as `role`; with role "" signed in as nobody."""
        if role and role not in self._signed_in:
            self._signed_in[role] = self._sign_in(role)
        given = {"viewport": WIDE, "storage_state": self._signed_in.get(role), **options}
        page = self._open(**given)
        if path:
            page.goto(path)
        return page

    def _open(self, **options: Any) -> Page:
        context = self._browser.new_context(base_url=self._url, **options)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        self._console.watch(context, self._url)
        context.add_init_script(TELL_VIOLATIONS)
        return context.new_page()

    def _sign_in(self, role: str) -> StorageState:
        page = self._open()
        page.goto("/sign-in/")
        page.get_by_role("button", name=role).click()
        expect(page.get_by_role("heading", name="Choose a connection")).to_be_visible()
        return page.context.storage_state()

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def desk(browser: Browser, program: Program, sandbox: Sandbox, console: Console) -> Iterator[Desk]:
    desk = Desk(browser, program.url, console)
    yield desk
    desk.close()


@pytest.fixture
def page(desk: Desk) -> Page:
    """An operator's window on the small connection's list."""
    return desk.window()
