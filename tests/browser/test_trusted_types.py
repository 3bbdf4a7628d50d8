"""What a script of ours might be tricked into: the browser makes no markup of a text that is not from us, and
no script of any."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox

TRICKS = {
    "markup": "document.body.innerHTML = '<b>x</b>'",
    "markup beside": "document.body.insertAdjacentHTML('beforeend', '<p>x</p>')",
    "markup around": "document.querySelector('h1').outerHTML = '<p>x</p>'",
    "a document": "new DOMParser().parseFromString('<p>x</p>', 'text/html')",
    "a range": "document.createRange().createContextualFragment('<p>x</p>')",
    "a frame": "document.createElement('iframe').srcdoc = '<p>x</p>'",
    "htmx": "htmx.swap('#main', '<p>x</p>', { swapStyle: 'innerHTML' })",
    "an answer with more": "htmx.trust('<p>x</p>'); document.body.innerHTML = '<p>x</p><p>y</p>'",
    "the address of a script": "document.createElement('script').src = '/static/js/site.js'",
    "a script": "document.createElement('script').text = '1'",
    "a script's text": "document.createElement('script').textContent = '1'",
    "a policy": "trustedTypes.createPolicy('mine', { createHTML: (text) => text })",
    "the same policy": "trustedTypes.createPolicy('default', { createHTML: (text) => text })",
}


pytestmark = pytest.mark.browser


def test_no_text_becomes_markup_or_script(desk: Desk, sandbox: Sandbox, console: Console) -> None:
    console.expect(
        r"policy violation: |Trusted(HTML|Script)|TrustedTypePolicy|Content Security Policy|htmx:swapError"
    )
    page = desk.window("viewer")
    before = page.locator("body").inner_text()
    for name, trick in TRICKS.items():
        refused = page.evaluate(
            f"() => {{ try {{ {trick}; return ''; }} catch (why) {{ return why.name; }} }}"
        )
        assert refused in ("TypeError", "EvalError"), name
    assert page.locator("body").inner_text() == before


@pytest.mark.parametrize("made", ["htmx.trust('<p>x</p>')", "''"])
def test_markup_of_ours_is_taken(desk: Desk, sandbox: Sandbox, made: str) -> None:
    page = desk.window("viewer", "/keys/")
    page.evaluate(f"() => {{ document.createElement('div').innerHTML = {made}; }}")
