"""A JWKS file: read again when it changes, and no keys while it breaks, whatever stands in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.auth.jwks import MAX_JWKS_BYTES, KeyFile
from dashboard.auth.settings import parse_key_source
from dashboard.identity import KeysUnavailable, Refused
from tests.assertions import jwks
from tests.unit.auth.test_jwks import ES256, NESTED


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    def write(jwks: Any) -> Path:
        file = tmp_path / "jwks.json"
        (tmp_path / "new").write_text(json.dumps(jwks))
        os.replace(tmp_path / "new", file)
        return file

    return write


def test_a_file_is_read_again_when_it_changes(write: Callable[[Any], Path]) -> None:
    keyring = KeyFile(write(jwks("first")), ES256)
    assert keyring.find_keys("first")[0].key_id == "first"
    write(jwks("second"))
    assert keyring.find_keys("second")[0].key_id == "second"
    with pytest.raises(Refused, match="unknown key"):
        keyring.find_keys("first")


@pytest.mark.parametrize("broken", [[], {}, {"keys": []}, "x", None])
def test_a_file_that_breaks_vouches_for_nobody(write: Callable[[Any], Path], broken: Any) -> None:
    file = write(jwks("first"))
    keyring = KeyFile(file, ES256)
    keyring.find_keys("first")
    write(broken)
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            keyring.find_keys("first")
    file.unlink()
    with pytest.raises(KeysUnavailable):
        keyring.find_keys("first")
    write(jwks("first"))
    assert keyring.find_keys("first")[0].key_id == "first"


@pytest.mark.parametrize(
    "content",
    [
        NESTED,
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"keys": [' + b'{"kid": ' * 9_000 + b"1" + b"}" * 9_000 + b"]}",
        json.dumps(jwks("first")).encode() + b" " * MAX_JWKS_BYTES,
        b"9" * 5_000,
        b"\xff",
        b"",
    ],
)
def test_a_file_too_deep_or_too_large_is_said_to_be_no_key_and_nothing_breaks(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(content)
    with pytest.raises(KeysUnavailable):
        KeyFile(file, ES256).find_keys("first")
    with pytest.raises(ValueError, match="names a file without any key"):
        parse_key_source(str(file))


def test_a_pipe_in_place_of_the_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "jwks.json")
    with pytest.raises(KeysUnavailable):
        KeyFile(tmp_path / "jwks.json", ES256).find_keys("first")
