"""A recording of the screen while a ticket's ids are looked up, selected, and removed; four stills of it.

`python -m tests.browser.recording FOLDER` writes `lookup.png`, `tray.png`, `job.png` and `receipt.png`: the
last frame that Chromium cast before each of these moments. `--frames` keeps every frame beside them.
"""

from __future__ import annotations

import base64
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chromium import FLAGS
from tests.browser.program import Program, settled
from tests.chromium import find_chromium

WINDOW: Final = {"width": 1440, "height": 900}
TICKET: Final = "ZD-4711"
MISSING: Final = [f"44929944{number:02}" for number in range(37)]
SLOW: Final = {"method": "DELETE", "latency_ms": 600, "times": None}


class Recording:
    """The frames that the browser casts while somebody works in it."""

    def __init__(self, page: Page, folder: Path, *, keep: bool) -> None:
        self.page, self.folder, self.keep = page, folder, keep
        self.frames: list[bytes] = []
        self._cast = page.context.new_cdp_session(page)
        self._cast.on("Page.screencastFrame", self._take)
        self._cast.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})

    def _take(self, frame: dict[str, Any]) -> None:
        self.frames.append(base64.b64decode(frame["data"]))
        self._cast.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    def still(self, name: str, *, moves: bool = False) -> None:
        """Keep what the screen shows now; unless it `moves`, once it has come to rest."""
        if not moves:
            self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(300)
        (self.folder / f"{name}.png").write_bytes(self.frames[-1])

    def end(self) -> None:
        self._cast.send("Page.stopScreencast")
        for number, frame in enumerate(self.frames if self.keep else []):
            (self.folder / f"frame-{number:04}.png").write_bytes(frame)


def work(page: Page, program: Program, recording: Recording) -> None:
    """What an operator does with a ticket that names four hundred ids."""
    ids = [one["id"] for one in program.sandbox.items("creator-b", 60) if settled(one)][:40]
    pasted = [id for pair in zip(ids, MISSING, strict=False) for id in pair] + ["4.49E+09", ids[0], ids[1]]
    page.goto("/sign-in/")
    page.get_by_role("button", name="operator").click()
    page.goto(f"/lookup/?connection=creator-b&ticket={TICKET}")
    page.get_by_label("IDs, or links that name them").fill("\n".join(pasted))
    page.get_by_role("button", name="Look up IDs").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Look-up of")
    recording.still("lookup")

    page.get_by_role("button", name="to the tray").click()
    page.goto(f"/c/creator-b/media/?ticket={TICKET}")
    for row in (3, 4, 6):
        page.locator("tbody input[type=checkbox]:not(:checked)").nth(row).click()
    expect(page.locator("#selection")).to_contain_text(f"{len(ids[: len(MISSING)]) + 3} selected")
    recording.still("tray")

    program.sandbox.fault(**SLOW)
    page.get_by_role("link", name="Review and delete").click()
    heading = page.get_by_role("heading", level=1)
    number = (heading.text_content() or "").split()[1]
    page.get_by_label("to confirm").fill(number)
    page.get_by_label("Reason").fill("Takedown request")
    page.get_by_role("button", name=f"Delete {number} items").click()
    expect(page.locator("progress")).to_be_visible(timeout=30_000)
    while (position := page.locator("progress").first.evaluate("bar => bar.position")) < 0.45:
        assert position >= 0, "how far it is is known from the start"
        page.wait_for_timeout(100)
    recording.still("job", moves=True)

    program.sandbox.behave()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible(timeout=60_000)
    recording.still("receipt")


def main(folder: Path, *, keep: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium()
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        program = Program(Path(scratch), "shown").wait()
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            page = browser.new_context(base_url=program.url, viewport=WINDOW).new_page()  # type: ignore[arg-type]
            recording = Recording(page, folder, keep=keep)
            work(page, program, recording)
            recording.end()
            browser.close()
        finally:
            program.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), keep="--frames" in sys.argv)
