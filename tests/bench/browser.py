"""What a browser sees: bytes and requests, layout shift, and what Lighthouse says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, sync_playwright

from dashboard.private import VAR_DIR

from .server import CouldNotRun
from .stage import MILLION_PAGE, Stage

LIGHTHOUSE: Final = VAR_DIR / "lighthouse"
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
CATEGORIES: Final = ("performance", "accessibility", "best-practices")

_WATCH_SHIFTS: Final = """
    window.shifted = 0;
    new PerformanceObserver(list => {
        for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
    }).observe({type: "layout-shift", buffered: true});
"""


@dataclass
class Traffic:
    """What went over the wire from the dashboard itself: pictures are another origin's, and left out."""

    origin: str
    addresses: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    codings: dict[str, str] = field(default_factory=dict)

    def listen(self, devtools: CDPSession) -> None:
        devtools.on("Network.requestWillBeSent", self.asked)
        devtools.on("Network.requestServedFromCache", self.kept)
        devtools.on("Network.responseReceived", self.answered)
        devtools.on("Network.loadingFinished", self.finished)
        devtools.send("Network.enable")

    def asked(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith(self.origin + "/"):
            self.addresses[event["requestId"]] = event["request"]["url"]

    def kept(self, event: dict[str, Any]) -> None:
        """No request at all, as far as we are concerned: the sprite is the tab's icon too."""
        self.addresses.pop(event["requestId"], None)

    def answered(self, event: dict[str, Any]) -> None:
        if event["response"]["fromDiskCache"]:
            self.kept(event)
        headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
        self.codings[event["requestId"]] = headers.get("content-encoding", "plain")

    def finished(self, event: dict[str, Any]) -> None:
        self.sizes[event["requestId"]] = event["encodedDataLength"]

    def taken(self) -> Visit:
        """What came since the last time, headers included."""
        ids = list(self.addresses)
        visit = Visit(
            requests=len(ids),
            kilobytes=sum(self.sizes.get(one, 0) for one in ids) / 1000,
            parts=[self._line(one) for one in ids],
        )
        self.addresses.clear()
        return visit

    def _line(self, one: str) -> str:
        name = self.addresses[one].partition("?")[0].rpartition("/")[2] or "page"
        return f"{name} {self.sizes.get(one, 0) / 1000:.1f} {self.codings.get(one, '')}"


@dataclass(frozen=True)
class Visit:
    requests: int
    kilobytes: float
    parts: list[str]


@dataclass(frozen=True)
class Seen:
    """A cold first load, the next page by htmx, and how much the layout shifted in both."""

    first: Visit
    following: Visit
    shift: float


def look(address: str, cookie: str, chromium: str) -> Seen:
    """Return what a new browser with this cookie sees of the list and its next page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            return _look(address, cookie, browser)
        finally:
            browser.close()


def _look(address: str, cookie: str, browser: Browser) -> Seen:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    for pair in cookie.split("; "):
        name, _, value = pair.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": address}])
    page = context.new_page()
    page.add_init_script(_WATCH_SHIFTS)
    traffic = Traffic(address)
    traffic.listen(context.new_cdp_session(page))
    page.goto(address + MILLION_PAGE, wait_until="networkidle")
    first = traffic.taken()
    following = page.get_by_role("link", name="Next 100")
    following.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # the pictures down there are lazy
    following.click()
    page.get_by_role("link", name="Previous").wait_for()
    page.wait_for_timeout(500)
    return Seen(first, traffic.taken(), page.evaluate("window.shifted"))


@dataclass(frozen=True)
class Verdict:
    """Scores of 0 to 100 in the order of CATEGORIES, and the audits that took points off."""

    scores: list[int]
    shift: float
    blamed: list[str]


def install_lighthouse() -> str:
    """The path of Lighthouse 12, installed if need be."""
    program = LIGHTHOUSE / "node_modules" / ".bin" / "lighthouse"
    if program.exists():
        return str(program)
    npm = shutil.which("npm")
    if npm is None:
        raise CouldNotRun("no npm on this machine, so Lighthouse was not asked.")
    print("Installing lighthouse@12 by npm …", flush=True)
    LIGHTHOUSE.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--prefix", str(LIGHTHOUSE), "lighthouse@12"],
        capture_output=True,
        text=True,
    )
    if done.returncode or not program.exists():
        raise CouldNotRun(f"Lighthouse could not be installed: {done.stderr.strip()[-300:]}")
    return str(program)


def ask_lighthouse(stage: Stage, program: str, chromium: str) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="lighthouse-") as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [
                *(program, stage.address + MILLION_PAGE, "--preset=desktop", "--quiet"),
                *("--output=json", f"--output-path={report}"),
                f"--only-categories={','.join(CATEGORIES)}",
                f"--chrome-flags=--headless=new {' '.join(FLAGS)}",
                f"--extra-headers={json.dumps({'Cookie': stage.cookie})}",
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "CHROME_PATH": chromium, "TMPDIR": folder},
            timeout=120,
        )
        if done.returncode or not report.exists():
            raise CouldNotRun(f"Lighthouse gave no report: {done.stderr.strip()[-300:]}")
        said = json.loads(report.read_text())
    if not said["finalDisplayedUrl"].endswith(MILLION_PAGE):
        raise CouldNotRun(f"Lighthouse was led to {said['finalDisplayedUrl']}.")
    audits = said["audits"]
    counted = [
        ref["id"] for name in CATEGORIES for ref in said["categories"][name]["auditRefs"] if ref["weight"]
    ]
    scored = [(name, audits[name]["score"]) for name in counted]
    return Verdict(
        scores=[round(said["categories"][name]["score"] * 100) for name in CATEGORIES],
        shift=audits["cumulative-layout-shift"]["numericValue"],
        blamed=[f"{name} {score:.2f}" for name, score in scored if score is not None and score < 0.995],
    )
