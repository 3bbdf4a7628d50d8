"""The chip in the header that says how the service is: seen at every width, and nothing moves for it."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.seen import widest

pytestmark = pytest.mark.browser

WIDTHS: Final = (320, 360, 480, 640, 760, 761, 900, 1000, 1001, 1100, 1240, 1241, 1280, 1366, 1440, 1920)
LONGEST: Final = "Vault+ not answering"

MEASURE: Final = """() => {
  const bar = document.querySelector(".bar").getBoundingClientRect();
  const chip = document.querySelector(".health").getBoundingClientRect();
  const dot = getComputedStyle(document.querySelector(".health"), "::before");
  const ends = [...document.querySelectorAll(".bar > *, .bar-end > *")]
    .filter((one) => one.offsetParent && !one.popover).map((one) => one.getBoundingClientRect().right);
  return {
    height: bar.height, right: Math.max(...ends), chip: chip.width, shown: chip.width > 0 && chip.height > 0,
    dot: parseFloat(dot.width), within: chip.left >= bar.left && chip.right <= bar.right
  };
}"""


@pytest.mark.parametrize("path", ["/c/studio-a/media/", "/?choose=1"])
def test_it_widens_the_bar_at_no_width(desk: Desk, path: str) -> None:
    page = desk.window("admin", path)
    chip = page.locator(".health")
    chip.locator("span").evaluate("(one, text) => { one.textContent = text }", LONGEST)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        seen = page.evaluate(MEASURE)
        assert seen["shown"], width
        assert seen["within"], width
        assert seen["dot"] >= 8, width
        assert seen["right"] <= width, width
        assert widest(page) <= 0, width
        chip.evaluate("(one) => { one.style.display = 'none' }")
        assert page.evaluate(MEASURE)["height"] == seen["height"], f"the bar is higher for it at {width}"
        chip.evaluate("(one) => { one.style.display = '' }")
        assert (seen["chip"] < 24) is (width <= 1240), f"a dot alone, or with its words, at {width}"
        assert LONGEST in page.get_by_role("banner").aria_snapshot(), f"its words are always read, at {width}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("forced", ["none", "active"])
def test_its_dot_is_seen_in_every_scheme(desk: Desk, scheme: str, forced: str) -> None:
    page = desk.window(color_scheme=scheme, forced_colors=forced)
    dot, bar = page.evaluate(
        """() => [getComputedStyle(document.querySelector(".health"), "::before").backgroundColor,
                  getComputedStyle(document.querySelector(".bar")).backgroundColor]"""
    )
    assert contrast(dot, bar) >= 3


def test_it_says_what_the_calls_found(page: Page) -> None:
    page.reload()
    chip = page.locator(".health")
    expect(chip).to_have_text(re.compile(r"^Vault\+ \d+ ms$"))
    expect(chip).to_have_attribute(
        "title", re.compile(r"^Last good answer .+ ago · median \d+ ms · key accepted$")
    )


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
