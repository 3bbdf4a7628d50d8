"""Anchors in a bucket with retention: objects that nobody can take away, read back past what hides them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone
from moto.server import ThreadedMotoServer

from dashboard import audit
from dashboard.audit import anchors, triggers
from dashboard.audit.anchors import Place
from dashboard.models import Event
from tests.environment import MADE_UP
from tests.faults.raw_server import RawServer, answer
from tests.faults.test_fetched_document import endless_body, endless_chunks
from tests.faults.test_vault_deadline import dripping_body, dripping_headers, dripping_status_line
from tests.make import OMAR
from tests.rights import as_owner
from tests.starter import ROOT

KEY: Final = "canary-anchor-key-Pb7Lw-0123456789abcdef"
TIMEOUT_SECONDS: Final = 1.5
TOO_LATE: Final = "no answer within 1.5 s: "

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "canary")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def _settings(_keys: None, server_url: str) -> Iterator[None]:
    with override_settings(DASHBOARD_ANCHOR_KEYS=[KEY], DASHBOARD_ANCHOR_S3_ENDPOINT=server_url):
        yield


@pytest.fixture
def store(_settings: None, server_url: str) -> Any:
    """The service that keeps buckets, as its administrator has it."""
    return boto3.client("s3", endpoint_url=server_url, region_name="us-east-1")


@pytest.fixture
def bucket(store: Any) -> str:
    """A bucket with a lock, which holds an anchor for each of three events."""
    name = make_bucket(store, locked=True)
    place = Place(f"s3://{name}/audit/anchors")
    for _ in range(3):
        audit.record("media.revealed", OMAR)
        write_now(place)
        write_now(place)  # the chain has not grown
    return name


def make_bucket(store: Any, *, locked: bool) -> str:
    name = f"anchors-{uuid.uuid4()}"
    store.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
    return name


def write_now(place: Place) -> None:
    place._next_at = float("-inf")
    place.write_if_due()


def keys_in(store: Any, bucket: str) -> list[str]:
    return [found["Key"] for found in store.list_objects_v2(Bucket=bucket).get("Contents", ())]


def verified(bucket: str) -> str:
    out = io.StringIO()
    call_command("audit_verify", anchors=f"s3://{bucket}/audit/anchors", stdout=out)
    return out.getvalue()


def named(bucket: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        verified(bucket)


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_each_anchor_is_an_object_that_is_kept_for_a_year(store: Any, bucket: str) -> None:
    keys = keys_in(store, bucket)
    assert [key.rpartition("-")[2] for key in keys] == [f"{number:020}.json" for number in (1, 2, 3)]
    assert {key.rpartition("/")[0] for key in keys} == {"audit/anchors/127.0.0.1"}
    head = store.head_object(Bucket=bucket, Key=keys[0])
    assert (head["ObjectLockMode"], head["ContentType"]) == ("COMPLIANCE", "application/json")
    left = head["ObjectLockRetainUntilDate"] - datetime.now(UTC)
    assert timedelta(days=364) < left <= timedelta(days=365)
    assert "The anchors hold: 3. The newest saw event 3 at 20" in verified(bucket)


def test_an_end_that_was_cut_off_is_found_from_the_bucket(bucket: str) -> None:
    with as_owner(), triggers.suspend():
        Event.objects.filter(sequence__gt=1).delete()
    named(bucket, r"Events after 1 were cut off: the anchor of \S+ saw 2\.")


def test_an_older_state_that_was_put_back_is_found_after_the_chain_has_grown(bucket: str) -> None:
    """The later anchor has the lower number, and is read last."""
    with as_owner(), triggers.suspend():
        Event.objects.filter(sequence__gt=1).delete()
    for _ in range(3):
        audit.record("media.revealed", OMAR, media_id="another")
    write_now(Place(f"s3://{bucket}/audit/anchors"))
    named(bucket, r"Event 2 is another than the anchor of \S+ saw")


def test_a_clock_that_is_put_back_gives_no_false_alarm(store: Any, bucket: str) -> None:
    """What came later is read later, though its name says that it is older; nobody could take it away."""
    audit.record("media.revealed", OMAR)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr(timezone, "now", lambda: an_hour_ago)
        line = anchors.write_anchor(Event.objects.latest("sequence"))
    wait_for_another_second()
    Place(f"s3://{bucket}/audit/anchors").write(line)
    assert keys_in(store, bucket)[0].endswith("4.json")
    assert "The anchors hold: 4. The newest saw event 4 at 20" in verified(bucket)


def test_anchors_are_named_by_their_times() -> None:
    names = [
        anchors._name_object(json.dumps({"at": at, "instance": "a.example", "sequence": sequence}))
        for at, sequence in (("2026-06-01T12:00:00+00:00", 9), ("2026-06-01T12:05:00.5+00:00", 8))
    ]
    assert names == sorted(names)
    assert names[1] == "a.example/20260601T120500.500000Z-00000000000000000008.json"


def test_neither_a_deletion_nor_a_newer_version_hides_an_anchor(store: Any, bucket: str) -> None:
    with as_owner(), triggers.suspend():
        Event.objects.filter(sequence__gt=2).delete()
    keys = keys_in(store, bucket)
    for key in keys:
        store.delete_object(Bucket=bucket, Key=key)
    assert keys_in(store, bucket) == []
    named(bucket, r"Events after 2 were cut off: the anchor of \S+ saw 3\.")
    store.put_object(Bucket=bucket, Key=keys[-1], Body=b"{}")
    named(bucket, r"Events after 2 were cut off: the anchor of \S+ saw 3\.")


def test_what_is_put_over_an_anchor_comes_after_it(store: Any, bucket: str) -> None:
    first, *_ = keys_in(store, bucket)
    wait_for_another_second()
    store.put_object(Bucket=bucket, Key=first, Body=b"{}")
    named(bucket, "Line 4 of the anchors was changed, or is none")


def wait_for_another_second() -> None:
    """The service says to the second when it received an object."""
    second = int(time.time())
    while int(time.time()) == second:
        time.sleep(0.05)


def test_anchors_of_another_instance_are_not_read(store: Any, bucket: str) -> None:
    store.put_object(Bucket=bucket, Key="audit/anchors/127.0.0.1.example/1.json", Body=b"{}")
    assert "The anchors hold: 3." in verified(bucket)
    with override_settings(ALLOWED_HOSTS=["other.example.com"]):
        named(bucket, "There is no anchor of this instance")


def test_a_bucket_without_a_lock_is_said_once_and_tried_again(
    store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    audit.record("media.revealed", OMAR)
    bucket = make_bucket(store, locked=False)
    place = Place(f"s3://{bucket}")
    for _ in range(3):
        place.write_if_due()
    (said,) = errors_in(caplog)
    assert said.startswith(f"an anchor of the audit was not written to s3://{bucket}: An error occurred")
    assert "Bucket is missing ObjectLockConfiguration" in said
    assert 0 < place._next_at - time.monotonic() <= anchors.ANCHOR_RETRY_SECONDS
    assert keys_in(store, bucket) == []
    store.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    lock = {"ObjectLockEnabled": "Enabled"}
    store.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
    write_now(place)
    assert len(keys_in(store, bucket)) == 1
    assert len(errors_in(caplog)) == 1


def refusal(caplog: pytest.LogCaptureFixture, replies: list[Any], words: str) -> int:
    """Write one anchor to a server that replies so; return how many requests came."""
    audit.record("media.revealed", OMAR)
    with RawServer(replies) as server, override_settings(DASHBOARD_ANCHOR_S3_ENDPOINT=server.url):
        began = time.monotonic()
        place = Place("s3://anchors")
        for _ in range(2):
            place.write_if_due()
        assert time.monotonic() - began < 30, "boto3's own timeouts are a minute"
        (said,) = errors_in(caplog)
        assert words in said
        return len(server.requests)


@pytest.mark.usefixtures("_settings")
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answer(500, b""), "(500)"),
        (answer(307, b"", Location="http://127.0.0.1:9/"), "(307)"),
        (answer(200, b"", x_amz_version_id="null"), "the bucket keeps no versions"),
        (lambda wire: wire.reset(), "Connection"),
        (lambda wire: wire.stay_silent(), TOO_LATE),
        *((drip, TOO_LATE) for drip in (dripping_headers, dripping_body, dripping_status_line)),
        (endless_body, "the answer is too large"),
        (endless_chunks, "the answer is too large"),
    ],
)
def test_a_bucket_that_fails_is_said_once_and_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, reply: Callable[..., Any], words: str
) -> None:
    if words == TOO_LATE:
        monkeypatch.setattr(anchors, "POST_SECONDS", TIMEOUT_SECONDS)
    is_redirect = words == "(307)"  # then the bucket is asked, at the same address, for its region
    assert refusal(caplog, [reply, answer(200, b"")], words) == 1 + is_redirect


@pytest.mark.usefixtures("_settings")
def test_what_cannot_be_reached_or_read_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    audit.record("media.revealed", OMAR)
    named("no-such-bucket", "s3://no-such-bucket/audit/anchors cannot be read: An error occurred")
    with pytest.raises(CommandError, match=r"--anchors must name files .* or buckets as s3://"):
        call_command("audit_verify", anchors="s3://No_Bucket")
    with override_settings(DASHBOARD_ANCHOR_S3_ENDPOINT="http://127.0.0.1:9"):
        Place("s3://anchors").write_if_due()
        named("anchors", "cannot be read: Could not connect")
    (said,) = errors_in(caplog)
    assert "Could not connect to the endpoint" in said


@pytest.mark.parametrize("installed", [True, False])
def test_a_bucket_needs_boto3(tmp_path: Path, installed: bool) -> None:
    block = "" if installed else "import sys; sys.modules['boto3'] = None; "
    code = f"{block}from django.core.management import execute_from_command_line as run; run(['', 'check'])"
    bucket = {"DASHBOARD_ANCHORS": "s3://anchors.example/audit/", "DASHBOARD_ANCHOR_KEYS": KEY}
    environ = {**MADE_UP, **bucket, "DJANGO_SETTINGS_MODULE": "dashboard.settings"}
    environ["DATABASE_URL"] = f"sqlite:///{tmp_path}/x.sqlite3"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert (done.returncode == 0) is installed, done.stderr
    said = "DASHBOARD_ANCHORS is wrong: names a bucket, for which boto3 is not installed: pip install 'boto3"
    assert (said in done.stderr) is not installed
