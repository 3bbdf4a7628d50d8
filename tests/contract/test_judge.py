"""The judge: a service made from the contract answers with random valid values, and every page works.

The values are drawn by schemathesis' own generator from the schemas of openapi.yaml. Most ids are ones that a
call can name, for nothing could be asked of the others; every other field is whatever its type allows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
import yaml
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation.jsonschema import builder

from dashboard import budgets, service
from dashboard.models import Connection, Removal, RemovalState
from dashboard.scans import scan
from dashboard.vault import MEDIA_ID
from tests import answers, make
from tests.answers import text
from tests.contract.contract_server import ContractServer, Json, World, judged
from tests.make import Browser

pytestmark = pytest.mark.no_cover  # it asks what other tests ask one by one
EXAMPLES: Final = 25

CONTRACT: Final = yaml.safe_load((Path(__file__).parent / "openapi.yaml").read_text())


def schema_of(name: str) -> Json:
    """A schema of the contract, with what it refers to written into it."""

    def whole(part: Any) -> Any:
        if isinstance(part, dict):
            if reference := part.get("$ref"):
                return whole(CONTRACT["components"]["schemas"][reference.rpartition("/")[2]])
            return {key: whole(value) for key, value in part.items()}
        return [whole(one) for one in part] if isinstance(part, list) else part

    found: Json = whole(CONTRACT["components"]["schemas"][name])
    return found


def values(name: str) -> st.SearchStrategy[Any]:
    """Values that the contract's schema of this name allows."""
    return builder.build(schema_of(name), draft=jsonschema_rs.Draft202012, formats={})


IDS: Final = st.from_regex(re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}"), fullmatch=True).filter(
    lambda text: MEDIA_ID.fullmatch(text) is not None
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to eight items on up to two pages, one in six with whatever text for an id."""
    pages, taken = [], set[str]()
    for _ in range(draw(st.integers(1, 2))):
        page = []
        for item in draw(st.lists(values("MediaItem"), max_size=4)):
            if draw(st.integers(0, 5)) or MEDIA_ID.fullmatch(item["id"]):
                item = {**item, "id": draw(IDS.filter(lambda text: text not in taken))}
                taken.add(item["id"])
            page.append(item)
        pages.append(page)
    return World(pages, draw(values("DeleteResult")), draw(values("PurgeResult")))


@pytest.fixture
def server(db: None, collected_static: Path) -> Iterator[ContractServer]:
    """The service, with the shipped client of this process speaking to it."""
    with ContractServer() as running:
        service.get_client.cache_clear()
        with override_settings(VAULTPLUS_API_URL=running.url, VAULTPLUS_MEDIA_HOSTS=[running.url]):
            yield running
            service.get_client().close()
        service.get_client.cache_clear()
        judged["answers of the service"] += running.answers


def odd_values(world: World) -> int:
    """Numbers that are negative, have a fraction, or are beyond any size or time."""
    numbers = [
        number
        for item in world.items
        for variant in item["media"].values()
        for number in variant.values()
        if isinstance(number, int | float)
    ]
    return sum(number < 0 or number > 2**53 or int(number) != number for number in numbers)


@override_settings(DASHBOARD_BUDGETS=dict.fromkeys(budgets.KINDS, 0))  # it asks for more than a person may
def test_every_page_works_with_any_valid_answer(server: ContractServer) -> None:
    of = make.connection("judged", connection_id=make.SMALL_ID)
    admin = make.signed_in("admin")

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # to shrink a failure takes minutes: it is the same in every run
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds())
    def judge(world: World) -> None:
        server.world = world
        usable = [item["id"] for item in world.items if MEDIA_ID.fullmatch(item["id"])]
        unusable = len(world.items) - len(usable)
        judged["worlds"] += 1
        judged["items with a usable id"] += len(usable)
        judged["items without one"] += unusable
        judged["odd numbers"] += odd_values(world)
        lists(admin, world)
        for media_id in usable:
            opens(admin, media_id)
        exports(admin, usable, unusable)
        if usable:
            looks_up(admin, usable)
        scans(of, usable, unusable)
        assert answered(admin.get("/c/judged/purge/"), 200)
        if usable:
            deletes(admin, world, usable[0])

    judge()
    assert judged["items with a usable id"] > EXAMPLES
    assert judged["items without one"]
    assert judged["odd numbers"]


def answered(answer: Any, status: int) -> str:
    """The page, which must have this status."""
    assert answer.status_code == status, text(answer)[-3000:]
    judged[f"pages answered {status}"] += 1
    return text(answer)


def lists(browser: Browser, world: World) -> None:
    for number, page in enumerate(world.pages):
        cursor = f"?cursor={number}" if number else ""
        listed = answered(browser.get(f"/c/judged/media/{cursor}"), 200)
        for item in page:
            if MEDIA_ID.fullmatch(item["id"]):
                assert f">{item['id']}</a>" in listed


def opens(browser: Browser, media_id: str) -> None:
    here = f"/c/judged/media/{media_id}/"
    assert media_id in answered(browser.get(here), 200)
    assert f"Delete item <code>{media_id}</code>?" in answered(browser.get(f"{here}delete/"), 200)


def exports(browser: Browser, usable: list[str], unusable: int) -> None:
    for form in ("csv", "jsonl"):
        answer: Any = browser.get(f"/c/judged/export/now/?format={form}")
        assert answer.status_code == 200
        written = b"".join(answer.streaming_content).decode()
        if form == "jsonl":
            rows = [json.loads(line) for line in written.split("\n") if line]
            assert [row["media_id"] for row in rows if "unreadable" not in row] == usable
            assert sum("unreadable" in row for row in rows) == unusable


def looks_up(browser: Browser, usable: list[str]) -> None:
    begun = browser.post("/lookup/", {"ids": " ".join(usable), "connection": "judged"})
    assert begun.status_code == 303
    found = answers.words_in(answered(browser.get(begun.headers["Location"]), 200))
    assert f"{len(usable)} found 0 not cached" in found


def scans(of: Connection, usable: list[str], unusable: int) -> None:
    scan.begin(of, make.OMAR)
    make.work_off()
    found = scan.load_last_result(of)
    assert found
    statistics = found.progress.statistics
    assert (statistics.items - statistics.unreadable, statistics.unreadable) == (len(usable), unusable)


def deletes(browser: Browser, world: World, media_id: str) -> None:
    answer = browser.post(f"/c/judged/media/{media_id}/delete/")
    record = Removal.objects.filter(media_id=media_id).latest("sent_at")
    if world.deleted["success"]:
        assert record.state in (RemovalState.DELETED, RemovalState.VERIFIED_GONE)
        assert answered(answer, 200)
    else:
        assert record.state in (RemovalState.NOT_REMOVED, RemovalState.VERIFIED_PRESENT)
        assert answered(answer, 409)
    judged[f"deletions: {record.state}"] += 1
