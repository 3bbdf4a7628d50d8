"""Anchors: how far the chain reached stands outside the database, so a cut end or an older state shows."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from dashboard import audit
from dashboard.audit import anchors, triggers
from dashboard.audit.anchors import Place
from dashboard.models import Event
from dashboard.vault import is_public
from tests.faults.raw_server import RawServer, answer
from tests.make import OMAR
from tests.rights import as_owner
from tests.starter import ROOT

KEY: Final = "canary-anchor-key-Pb7Lw-0123456789abcdef"
NEWER: Final = "canary-newer-anchor-key-Hd5-0123456789abcdef"

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def _keys() -> Iterator[None]:
    with override_settings(DASHBOARD_ANCHOR_KEYS=[KEY]):
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with an anchor for each of three events, a minute or more after each other."""
    path = tmp_path / "anchors.jsonl"
    for _ in range(3):
        place = Place(str(path))
        audit.record("media.revealed", OMAR)
        place.write_if_due()
        place.write_if_due()
    return path


def verified(path: Path) -> str:
    out = io.StringIO()
    call_command("audit_verify", anchors=str(path), stdout=out)
    return out.getvalue()


def named(path: Path, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        verified(path)


def cut_off(after: int) -> None:
    with as_owner(), triggers.suspend():
        Event.objects.filter(sequence__gt=after).delete()


def test_a_file_is_written_for_its_user_alone_and_holds(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = file.read_text("ascii").splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3]
    assert {json.loads(line)["instance"] for line in lines} == {"127.0.0.1"}
    assert "The anchors hold: 3. The newest saw event 3 at 20" in verified(file)


def test_an_end_that_was_cut_off_is_named(file: Path) -> None:
    cut_off(1)
    named(file, r"Events after 1 were cut off: the anchor of \S+ saw 2\.")
    cut_off(0)
    named(file, r"Events after 0 were cut off: the anchor of \S+ saw 1\.")


def test_an_end_that_was_written_anew_is_named(file: Path) -> None:
    cut_off(1)
    for _ in range(5):
        audit.record("media.revealed", OMAR, media_id="another")
    named(file, r"Event 2 is another than the anchor of \S+ saw: the end was cut off and written anew\.")


def at(line: str, when: str) -> str:
    """The same anchor as if it had been written at another time."""
    facts = json.loads(line)
    facts.pop("signature")
    text = audit.chain.write_canonical(facts | {"at": when})
    signature = anchors._list_keys()[0].sign(text.encode()).hex()
    return f'{text[:-1]},"signature":"{signature}"}}'


def test_an_older_state_that_was_put_back_for_a_while_is_named(file: Path) -> None:
    first, second, third = file.read_text("ascii").splitlines()
    noon = [f"2026-06-01T12:0{minute}:00.000000+00:00" for minute in range(4)]
    file.write_text("\n".join((at(third, noon[0]), at(second, noon[0]), at(first, noon[0]), third)))
    assert "The anchors hold: 4." in verified(file)  # workers that wrote at the same moment
    file.write_text("\n".join((at(third, noon[0]), at(second, noon[3]), third)))
    named(
        file, r"An older state was put back: the chain's end fell from event 3 at \S+:00:\S+ to 2 at \S+:03:"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace('"sequence":2', '"sequence":1'),
        lambda line: line[:-9],
        lambda line: "[]",
        lambda line: "",
        lambda line: "é",
        lambda line: line.replace('"signature":"', '"signature":"00'),
        lambda line: json.dumps({**json.loads(line), "signature": None}),
    ],
)
def test_a_changed_line_is_named(file: Path, change: Any) -> None:
    first, second, third = file.read_text("ascii").splitlines()
    file.write_text("\n".join((first, change(second), third)), "utf-8")
    named(file, "Line 2 of the anchors was changed, or is none")


def test_keys_are_exchanged_and_an_old_one_does_not_come_back(file: Path) -> None:
    with override_settings(DASHBOARD_ANCHOR_KEYS=[NEWER]):
        named(file, "Line 1 of the anchors was signed by a key that is not among DASHBOARD_ANCHOR_KEYS")
    with override_settings(DASHBOARD_ANCHOR_KEYS=[NEWER, KEY]):
        Place(str(file)).write_if_due()
        assert "The anchors hold: 4." in verified(file)
    Place(str(file)).write_if_due()
    with override_settings(DASHBOARD_ANCHOR_KEYS=[NEWER, KEY]):
        named(file, "Line 5 of the anchors was signed by an older key than a line before it")


def test_anchors_of_another_instance_are_nothing_to_this_one(file: Path) -> None:
    with override_settings(ALLOWED_HOSTS=["other.example.com"]):
        named(file, "There is no anchor of this instance")
        Place(str(file)).write_if_due()
    cut_off(3)
    assert "The anchors hold: 3." in verified(file)
    named(file.with_name("missing"), "cannot be read")


def webhook(server: RawServer) -> Place:
    place = Place(f"{server.url}/anchors?token=canary-token")
    place.allows = lambda address: True
    return place


def test_a_webhook_gets_each_anchor_once(file: Path) -> None:
    with RawServer([answer(204, b"")]) as server:
        place = webhook(server)
        place.write_if_due()
        place.write_if_due()
        place._next_at = float("-inf")
        place.write_if_due()  # the chain has not grown
        (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/anchors?token=canary-token")
    file.write_bytes(request.body)
    assert "The anchors hold: 1." in verified(file)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 500])
def test_a_webhook_that_fails_is_said_once_and_tried_again(
    file: Path, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    with RawServer([answer(200, b"")]) as elsewhere:
        with RawServer([answer(status, b"", Location=elsewhere.url), answer(200, b"")]) as server:
            place = webhook(server)
            for _ in range(3):
                place.write_if_due()
            assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
                f"an anchor of the audit was not written to 127.0.0.1: it answered {status}"
            ]
            assert 0 < place._next_at - time.monotonic() <= anchors.ANCHOR_RETRY_SECONDS
            place._next_at = float("-inf")
            place.write_if_due()
            assert len(server.requests) == 2
        assert elsewhere.connections == 0


def test_a_webhook_within_our_own_network_is_not_asked(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with RawServer([answer(200, b"")]) as server:
        for host in ("127.0.0.1", "localhost"):
            Place(server.url.replace("127.0.0.1", host)).write_if_due()
        assert server.connections == 0
    assert caplog.text.count("its address is within our own network") == 2


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *(("8.8.8.8", True), ("2001:4860:4860::8888", True), ("::ffff:8.8.8.8", True)),
        *(("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False), ("100.64.0.1", False)),
        *(("::1", False), ("fe80::1%eth0", False), ("fd00::1", False), ("::ffff:10.0.0.1", False)),
        *(("0.1.2.3", False), ("224.0.0.1", False), ("2002:7f00:1::", False), ("192.168.1.1", False)),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_file_that_cannot_be_written_keeps_nobody_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit.record("media.revealed", OMAR)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("gone/anchors", "link", ""):
        Place(f"{tmp_path}/{name}").write_if_due()
    assert caplog.text.count("an anchor of the audit was not written to") == 3
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.django_db(transaction=True)
def test_the_worker_writes_what_has_grown(tmp_path: Path) -> None:
    path, stop = tmp_path / "anchors.jsonl", threading.Event()
    audit.record("media.revealed", OMAR)
    with override_settings(DASHBOARD_ANCHORS=[str(path)]):
        anchors.start_writer(stop)
        try:
            wait_for(path)
        finally:
            end(stop)
    assert "The anchors hold: 1." in verified(path)


def wait_for(path: Path) -> None:
    """Return when an anchor stands in the file."""
    until = time.monotonic() + 30
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < until
        time.sleep(0.02)


def end(stop: threading.Event) -> None:
    """Return when no thread writes anchors any more."""
    stop.set()
    for thread in threading.enumerate():
        if thread.name == "anchors":
            thread.join(30)


def test_nesting_without_end_is_no_anchor(file: Path) -> None:
    with file.open("a") as anchors_file:
        anchors_file.write("[" * 100_000)
    named(file, "Line 4 of the anchors was changed, or is none")


def test_a_line_without_end_is_not_read_whole(file: Path) -> None:
    with file.open("a") as anchors_file:
        anchors_file.truncate(2**31)  # of which the disk has nothing
    tracemalloc.start()
    named(file, "Line 4 of the anchors was changed, or is none")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**25


def test_what_a_full_disk_takes_half_of_is_taken_back(file: Path) -> None:
    """Otherwise half a line would stand there for good, and the next anchor behind it on the same line."""
    before = file.read_text("ascii")
    code = (
        "import resource, sys; from pathlib import Path; from dashboard.private import append_privately; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 100}, resource.RLIM_INFINITY)); "
        "append_privately(Path(sys.argv[1]), 'x' * 200)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "No space left on device" in done.stderr
    assert file.read_text("ascii") == before
    Place(str(file)).write_if_due()
    assert "The anchors hold: 4." in verified(file)


@pytest.mark.django_db(transaction=True)
def test_a_place_that_hangs_keeps_no_other_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, stop = tmp_path / "anchors.jsonl", threading.Event()
    audit.record("media.revealed", OMAR)
    monkeypatch.setattr(Place, "allows", staticmethod(lambda address: True))
    monkeypatch.setattr(anchors, "POST_SECONDS", 600.0)
    try:
        with (
            RawServer([lambda wire: wire.stay_silent()]) as server,
            override_settings(DASHBOARD_ANCHORS=[f"{server.url}/anchors", str(path)]),
        ):
            anchors.start_writer(stop)
            wait_for(path)
    finally:
        end(stop)
