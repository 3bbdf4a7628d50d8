"""Connection ids at rest: unreadable without the key, found by digest, and moved to a new key."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test import override_settings

from dashboard import encryption, service
from dashboard.models import Connection
from tests import answers, make
from tests.environment import MADE_UP

OLD = MADE_UP["DASHBOARD_DATA_KEYS"]
NEW = "a newer key for the connection ids"


def test_nothing_in_the_database_tells_the_id(db: None) -> None:
    make.connection("small", connection_id=make.SMALL_ID)
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM dashboard_connection")
        row = str(cursor.fetchall())
    assert make.SMALL_ID not in row
    assert make.SMALL_ID[:-4] not in row
    assert Connection.objects.get().connection_id == make.SMALL_ID
    assert Connection.objects.get().tail == make.SMALL_ID[-4:]


def test_the_same_id_is_sealed_differently_and_digested_alike() -> None:
    assert encryption.encrypt("conn_1") != encryption.encrypt("conn_1")
    assert (
        encryption.compute_digest("conn_1")
        == encryption.compute_digest("conn_1")
        != encryption.compute_digest("conn_2")
    )
    with override_settings(DASHBOARD_DATA_KEYS=[NEW]):
        other = encryption.compute_digest("conn_1")
    assert other != encryption.compute_digest("conn_1")


def test_an_id_belongs_to_its_name_in_links_and_its_digest_whoever_signs(db: None) -> None:
    for slug in ("small", "other"):
        make.connection(slug)
    small, other = Connection.objects.order_by("-slug")
    small.sealed_id, small.id_digest, other.id_digest = other.sealed_id, other.id_digest, "1" * 64
    other.save()
    small.save()  # as whoever has a key
    with pytest.raises(encryption.RowChanged, match="another connection's"):
        _ = Connection.objects.get(slug="small").connection_id
    small.set_connection_id(make.SMALL_ID)
    small.id_digest = "0" * 64
    small.save()
    with pytest.raises(encryption.RowChanged, match="another connection's"):
        _ = Connection.objects.get(slug="small").connection_id


def test_a_raw_id_is_looked_up_by_its_digest(db: None) -> None:
    made = make.connection("small", connection_id=make.SMALL_ID)
    assert Connection.objects.find_by_raw_id(make.SMALL_ID) == made
    assert Connection.objects.find_by_raw_id(make.SMALL_ID[:-1]) is None


def test_a_key_is_exchanged_without_a_gap(db: None) -> None:
    made = make.connection("small", connection_id=make.SMALL_ID)
    with override_settings(DASHBOARD_DATA_KEYS=[NEW, OLD]):
        assert Connection.objects.find_by_raw_id(make.SMALL_ID) == made
        out = io.StringIO()
        call_command("connection", "rekey", stdout=out)
        assert out.getvalue() == "1 ID sealed by the first key.\n"
    with override_settings(DASHBOARD_DATA_KEYS=[NEW]):
        assert Connection.objects.find_by_raw_id(make.SMALL_ID) == made
        assert Connection.objects.get().connection_id == make.SMALL_ID


def test_a_lost_key_is_said_in_words(db: None, sandbox: object) -> None:
    make.connection("small", connection_id=make.SMALL_ID)
    viewer = make.signed_in("viewer")
    with override_settings(DASHBOARD_DATA_KEYS=[NEW]):
        with pytest.raises(encryption.DecryptionError):
            _ = Connection.objects.get().connection_id
        for address in ("/c/small/", "/c/small/media/", "/c/small/media/449/"):
            answer = viewer.get(address)
            assert answer.status_code == 503
            assert "DASHBOARD_DATA_KEYS" in answers.text(answer)
        assert viewer.get("/?choose=1").status_code == 200


def test_a_connection_is_there_only_for_its_groups(db: None) -> None:
    make.connection("open")
    make.connection("closed", groups=["vault-admins", "legal"])
    from dashboard.auth.demo import DEMO_PEOPLE

    seen = {role: [one.slug for one in service.list_connections(who)] for role, who in DEMO_PEOPLE.items()}
    assert seen == {"viewer": ["open"], "operator": ["open"], "admin": ["closed", "open"]}
    assert service.list_connections(None) == []
