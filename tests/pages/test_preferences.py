"""`/preferences/`: how this browser shows things."""

import pytest

from tests.answers import text
from tests.make import Browser

HERE = "/preferences/"


@pytest.mark.parametrize(
    ("name", "value"),
    [("media", "hidden"), ("layout", "grid"), ("theme", "dark"), ("media", "shown"), ("keys", "off")],
)
def test_works(viewer: Browser, name: str, value: str) -> None:
    answer = viewer.post(HERE, {name: value, "next": "/c/small/media/?status=stored"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/c/small/media/?status=stored")
    assert f'data-{name}="{value}"' in text(viewer.get("/c/small/media/"))


def test_empty_changes_nothing(viewer: Browser) -> None:
    viewer.post(HERE, {"layout": "grid"})
    assert viewer.post(HERE, {}).status_code == 303
    assert 'data-layout="grid"' in text(viewer.get("/c/small/media/"))


def test_fragment(viewer: Browser) -> None:
    assert viewer.fragment(HERE, {"layout": "grid"}, method="post").status_code == 204
    assert viewer.fragment(HERE, {"media": "shown"}, method="post").headers["HX-Redirect"] == "/"


@pytest.mark.parametrize(
    "bad", [{"media": "off"}, {"layout": "rows"}, {"keys": "some"}, {"theme": "neon", "layout": "grid"}]
)
def test_bad_input(viewer: Browser, bad: dict[str, str]) -> None:
    assert viewer.post(HERE, bad).status_code == 422
    assert 'data-layout="table"' in text(viewer.get("/c/small/media/"))


def test_no_way_back_leads_elsewhere(viewer: Browser) -> None:
    answer = viewer.post(HERE, {"layout": "grid", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.post(HERE, {"layout": "grid"}).status_code == 302
    assert nobody.fragment(HERE, {"layout": "grid"}, method="post").status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405
