"""How and when a person signed in, where the settings ask for it: what is missing or odd is a refusal."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from django.test import RequestFactory

from dashboard.auth import assertion as checked
from dashboard.auth.assertion import LEEWAY_SECONDS, AssertionBackend
from dashboard.identity import Refused, SignInNotEnough
from tests.assertions import GRANTS, HEADER, assertion, claims, jwks, private_key

NOW = 1_900_000_000
HOUR = 3600


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of this check stands; PyJWT's goes on, by which the assertion's own times are good."""
    monkeypatch.setattr(checked, "time", SimpleNamespace(time=lambda: float(NOW)))


def refusal(folder: Path, asked: dict[str, Any], said: dict[str, Any]) -> str:
    """Why somebody is refused whose assertion says this as well, null included; empty if they come in."""
    file = folder / "jwks.json"
    file.write_text(json.dumps(jwks("first")))
    text = jwt.encode({**claims(), **said}, private_key(), algorithm="ES256", headers={"kid": "first"})
    request: Any = RequestFactory().get("/", headers={HEADER: text})
    try:
        AssertionBackend(assertion(str(file), **asked), GRANTS)(request)
    except SignInNotEnough as refused:
        return refused.reason
    return ""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"acr": "phrh"}, ""),
        ({"acr": "urn:example:gold"}, ""),
        ({}, "without acr"),
        ({"acr": None}, "without acr"),
        ({"acr": ""}, "wrong acr"),
        ({"acr": "PHRH"}, "wrong acr"),
        ({"acr": " phrh"}, "wrong acr"),
        ({"acr": "phr"}, "wrong acr"),
        ({"acr": "phrh urn:example:gold"}, "wrong acr"),
        ({"acr": "phrh,urn:example:gold"}, "wrong acr"),
        ({"acr": ["phrh"]}, "wrong acr"),
        ({"acr": {"phrh": True}}, "wrong acr"),
        ({"acr": 2}, "wrong acr"),
        ({"acr": True}, "wrong acr"),
        ({"ACR": "phrh"}, "without acr"),
        ({"acr": "phrh", "amr": 7, "auth_time": "long ago"}, ""),
    ],
)
def test_an_acr_is_one_of_those_that_are_accepted(tmp_path: Path, said: dict[str, Any], reason: str) -> None:
    assert refusal(tmp_path, {"acr": ("phrh", "urn:example:gold")}, said) == reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"amr": ["pwd", "hwk", "mfa"]}, ""),
        ({"amr": ["mfa", "mfa", "hwk"]}, ""),
        ({}, "without amr"),
        ({"amr": None}, "without amr"),
        ({"amr": []}, "amr without mfa, hwk"),
        ({"amr": ["mfa"]}, "amr without hwk"),
        ({"amr": ["mfa", "mfa"]}, "amr without hwk"),
        ({"amr": ["MFA", "hwk"]}, "amr without mfa"),
        ({"amr": ["mfa hwk"]}, "amr without mfa, hwk"),
        ({"amr": ["mfa,hwk"]}, "amr without mfa, hwk"),
        ({"amr": ["", "mfa"]}, "amr without hwk"),
        ({"amr": "mfa"}, "amr in a shape of its own"),
        ({"amr": "mfa hwk"}, "amr in a shape of its own"),
        ({"amr": ["mfa", "hwk", 1]}, "amr in a shape of its own"),
        ({"amr": ["mfa", "hwk", None]}, "amr in a shape of its own"),
        ({"amr": [["mfa", "hwk"]]}, "amr in a shape of its own"),
        ({"amr": {"mfa": 1, "hwk": 1}}, "amr in a shape of its own"),
        ({"amr": 2}, "amr in a shape of its own"),
        ({"amr": False}, "amr in a shape of its own"),
    ],
)
def test_an_amr_names_every_method(tmp_path: Path, said: dict[str, Any], reason: str) -> None:
    assert refusal(tmp_path, {"amr": ("mfa", "hwk")}, said) == reason


OLDEST = NOW - HOUR - LEEWAY_SECONDS


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"auth_time": NOW}, ""),
        ({"auth_time": NOW - HOUR}, ""),
        ({"auth_time": OLDEST}, ""),
        ({"auth_time": float(OLDEST)}, ""),
        ({"auth_time": OLDEST - 1}, "auth_time too long ago"),
        ({"auth_time": 0}, "auth_time too long ago"),
        ({"auth_time": -NOW}, "auth_time too long ago"),
        ({"auth_time": NOW + LEEWAY_SECONDS}, ""),
        ({"auth_time": NOW + LEEWAY_SECONDS + 1}, "auth_time to come"),
        ({"auth_time": NOW * 1000}, "auth_time that is none"),  # milliseconds
        ({"auth_time": str(NOW)}, "auth_time that is none"),
        ({"auth_time": "2030-03-17T17:46:40Z"}, "auth_time that is none"),
        ({"auth_time": [NOW]}, "auth_time that is none"),
        ({"auth_time": True}, "auth_time that is none"),
        ({"auth_time": ""}, "auth_time that is none"),
        ({"auth_time": math.nan}, "auth_time that is none"),
        ({"auth_time": math.inf}, "auth_time that is none"),
        ({"auth_time": None}, "without auth_time"),
        ({}, "without auth_time"),
    ],
)
def test_an_auth_time_is_not_too_long_ago(tmp_path: Path, said: dict[str, Any], reason: str) -> None:
    assert refusal(tmp_path, {"max_age": HOUR}, said) == reason


def test_each_of_several_is_asked_for(tmp_path: Path) -> None:
    asked = {"acr": ("phrh",), "amr": ("mfa",), "max_age": HOUR}
    said = {"acr": "phrh", "amr": ["mfa"], "auth_time": NOW}
    assert refusal(tmp_path, asked, said) == ""
    for name in said:
        assert refusal(tmp_path, asked, {**said, name: None}) == f"without {name}"


@pytest.mark.parametrize("said", [{}, {"acr": 1, "amr": 1, "auth_time": "x"}])
def test_where_nothing_is_asked_for_nothing_is_read(tmp_path: Path, said: dict[str, Any]) -> None:
    assert refusal(tmp_path, {}, said) == ""


def test_a_forged_assertion_is_told_nothing_of_what_is_asked_for(tmp_path: Path) -> None:
    """It is no sign-in at all, whatever it says of methods."""
    with pytest.raises(Refused) as refused:
        refusal(tmp_path, {"acr": ("phrh",)}, {"aud": "another"})
    assert refused.value.reason == "wrong audience"
