"""A link opens its medium to whoever has it: pages have none but those of thumbs that their mode loads."""

from __future__ import annotations

import re
from typing import Final

import pytest

from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import Browser
from tests.pages.addresses import ADDRESSES, EVERYWHERE, stand_ready

pytestmark = pytest.mark.no_cover  # it asks what other tests ask one by one

MORE: Final = [f"/c/small/media/{odd}/" for odd in ("odd-quarantined", "odd-document", "odd-foreign")]
LIVE: Final = f"{ADDRESSES['media-live']}&id=odd-label&id=odd-quarantined"


@pytest.mark.parametrize(
    ("mode", "layout"),
    [("hidden", "table"), ("hidden", "grid"), ("blurred", "table"), ("blurred", "grid"), ("shown", "table")],
)
def test_no_page_has_another_link_than_a_thumbs(
    admin: Browser, connections: None, sandbox: Sandbox, mode: str, layout: str
) -> None:
    stand_ready()
    admin.post("/preferences/", {"media": mode})
    admin.post("/preferences/", {"layout": layout})
    found = 0
    for address in [*EVERYWHERE.values(), *MORE, LIVE]:
        for ask in (admin.get, admin.fragment):
            page = text(ask(address))
            links = page.count(f"{sandbox.url}/v2/")
            thumbs = re.findall(rf'<img src="{sandbox.url}/v2/[\w-]+"[^>]* alt="[Tt]humb of [^"]+"', page)
            assert links == len(thumbs), (address, links)
            found += links
    assert bool(found) is (mode != "hidden")
    assert sandbox.media_calls == []
