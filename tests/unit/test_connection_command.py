"""`manage.py connection`: good input is said back, bad input is a sentence."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dashboard.models import Connection
from tests.make import connection

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
        ["a"],
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
