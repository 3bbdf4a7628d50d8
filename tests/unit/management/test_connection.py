"""`manage.py connection`: good input is said back, bad input is a sentence."""

from __future__ import annotations

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test import override_settings

from dashboard.identity import make_local_caller
from dashboard.models import Connection, Event
from tests.make import connection, facts_of, no_events

pytestmark = pytest.mark.django_db
RAW_ID = "conn_canary_8fj2k3l4"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("connection", *arguments, stdout=out)
    return out.getvalue()


def test_add_keeps_all_that_is_given_and_says_four_characters_of_the_id() -> None:
    said = run("add", "studio-a", RAW_ID, "--label", "Studio A", "--colour", "blue")
    saved = Connection.objects.get()
    assert (saved.slug, saved.label, saved.colour) == ("studio-a", "Studio A", "blue")
    assert saved.connection_id == RAW_ID
    assert "k3l4" in said
    assert RAW_ID not in said


def test_an_id_that_is_not_given_is_read_from_the_keyboard_or_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{RAW_ID}\n"))
    run("add", "studio-a")
    assert Connection.objects.get().connection_id == RAW_ID
    monkeypatch.setattr("sys.stdin", StringIO(""))
    with pytest.raises(CommandError, match="Paste the connection's ID"):
        run("add", "studio-b")


def test_the_slug_is_the_label_until_told_otherwise() -> None:
    run("add", "studio-a", RAW_ID)
    assert Connection.objects.get().label == "studio-a"


@pytest.mark.parametrize(
    "arguments",
    [
        ["Studio A", RAW_ID],
        ["studio_a", RAW_ID],
        ["-studio", RAW_ID],
        ["", RAW_ID],
        ["..", RAW_ID],
        ["x" * 65, RAW_ID],
        ["a", ""],
        ["a", "has space"],
        ["a", "line\nend"],
        ["a", "x" * 257],
        ["a", "käse"],
        ["a", RAW_ID, "--label", "x" * 101],
        ["a", RAW_ID, "--colour", "pink"],
    ],
)
def test_add_refuses(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        run("add", "--", *arguments) if arguments[0].startswith("-") else run("add", *arguments)
    assert RAW_ID not in str(refused.value)
    assert not Connection.objects.exists()


def test_add_refuses_what_is_there_already_without_telling_the_id() -> None:
    connection("studio-a", connection_id=RAW_ID)
    for slug, raw in (("studio-a", "conn_other"), ("studio-b", RAW_ID)):
        with pytest.raises(CommandError) as refused:
            run("add", slug, raw)
        assert RAW_ID not in str(refused.value)
    assert Connection.objects.count() == 1


def test_what_is_added_is_recorded_with_who_sat_at_the_machine() -> None:
    run("add", "studio-a", RAW_ID, "--group", "support", "--group", "vault-admins")
    assert Connection.objects.get().groups == ["support", "vault-admins"]
    facts = facts_of("connection.added")
    assert facts["result"] == {"label": "studio-a", "colour": "slate", "groups": ["support", "vault-admins"]}
    caller = make_local_caller().person
    assert caller is not None
    assert (facts["actor_name"], facts["mode"], facts["role"]) == (caller.name, "command", "")
    assert RAW_ID not in Event.objects.get().line


def test_groups_are_said_and_taken_back() -> None:
    connection("studio-a", label="Studio A")
    assert "seen by support, Team Ä now" in run("groups", "studio-a", "support", " Team Ä ")
    assert Connection.objects.get().groups == ["support", "Team Ä"]
    assert "support, Team Ä" in run("list")
    assert "seen by everybody now" in run("groups", "studio-a")
    assert Connection.objects.get().groups == []
    assert Event.objects.filter(code="connection.changed").count() == 2


@pytest.mark.parametrize("group", ["x" * 201, "bell\x07", "right\u202eto left"])
def test_a_group_that_is_none_is_refused(group: str) -> None:
    connection("studio-a")
    for arguments in (["groups", "studio-a", group], ["add", "b", RAW_ID, "--group", group]):
        with pytest.raises(CommandError, match="groups"):
            run(*arguments)
    assert not Event.objects.exists()


def test_changes_are_recorded() -> None:
    connection("studio-a", label="Studio A")
    run("rename", "studio-a", "Studio Alpha")
    assert (facts_of("connection.changed")["before"], facts_of("connection.changed")["result"]) == (
        {"label": "Studio A"},
        {"label": "Studio Alpha"},
    )
    run("archive", "studio-a")
    run("archive", "studio-a")
    run("archive", "studio-a", "--undo")
    codes = list(Event.objects.order_by("sequence").values_list("code", flat=True))
    assert codes == ["connection.changed", "connection.archived", "connection.restored"]


def test_nothing_is_done_without_its_event() -> None:
    connection("studio-a", label="Studio A")
    for arguments in (["rename", "studio-a", "B"], ["archive", "studio-a"], ["add", "b", RAW_ID], ["rekey"]):
        before = list(Connection.objects.values())
        with database.execute_wrapper(no_events), pytest.raises(CommandError, match="Nothing was done"):
            run(*arguments)
        assert list(Connection.objects.values()) == before


def test_rekey_is_all_or_nothing() -> None:
    other, ours = "a-key-that-is-lost-" + "0" * 30, settings.DASHBOARD_DATA_KEYS[0]
    connection("studio-a")
    with override_settings(DASHBOARD_DATA_KEYS=[other]):
        connection("studio-b")
    before = list(Connection.objects.values())
    with override_settings(DASHBOARD_DATA_KEYS=["a-new-key-" + "1" * 30, ours]):
        with pytest.raises(CommandError, match="Nothing was changed"):
            run("rekey")
        assert list(Connection.objects.values()) == before
        assert not Event.objects.exists()
    with override_settings(DASHBOARD_DATA_KEYS=["a-new-key-" + "1" * 30, ours, other]):
        assert run("rekey") == "2 IDs sealed by the first key.\n"
    assert Event.objects.filter(code="connection.changed").count() == 2


def test_list_shows_every_connection_and_no_raw_id() -> None:
    connection("studio-a", connection_id=RAW_ID, label="Studio A")
    run("add", "creator-b", "conn_b")
    run("archive", "creator-b")
    said = run("list")
    assert RAW_ID not in said
    assert [line.split("\t")[0] for line in said.splitlines()] == ["studio-a", "creator-b"]
    assert "archived" in said


def test_rename_and_archive_and_back() -> None:
    connection("studio-a")
    run("rename", "studio-a", "Studio Alpha")
    assert Connection.objects.get().label == "Studio Alpha"
    run("archive", "studio-a")
    assert not Connection.objects.in_use().exists()
    run("archive", "studio-a", "--undo")
    assert Connection.objects.in_use().exists()


@pytest.mark.parametrize("arguments", [["rename", "x", "X"], ["archive", "x"], ["sell", "x"], []])
def test_what_is_not_there_is_a_sentence(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)


@pytest.mark.parametrize("label", ["", " ", "x" * 101])
def test_rename_refuses_a_label_that_is_none(label: str) -> None:
    connection("studio-a", label="Studio A")
    with pytest.raises(CommandError):
        run("rename", "studio-a", label)
    assert Connection.objects.get().label == "Studio A"
