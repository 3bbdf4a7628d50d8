"""`/sign-out/`: forgets who it was."""

import pytest

from tests.make import REFERRED, Browser, signed_in


def test_works(viewer: Browser) -> None:
    answer = viewer.post("/sign-out/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert viewer.get("/").status_code == 302


def test_empty_nobody_may_sign_out_too(nobody: Browser) -> None:
    assert nobody.post("/sign-out/").status_code == 303


def test_fragment(viewer: Browser) -> None:
    assert viewer.fragment("/sign-out/", method="post").headers["HX-Redirect"] == "/sign-in/"


def test_forged_form(connections: None) -> None:
    browser = signed_in("viewer", enforce_csrf_checks=True)
    assert browser.post("/sign-out/", headers=REFERRED).status_code == 403
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)("/sign-out/").status_code == 405
    assert viewer.get("/").status_code == 200
