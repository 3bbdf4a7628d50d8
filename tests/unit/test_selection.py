"""The tray: one person's, of one connection, never over its brim."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connections

from dashboard import selection
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.models import Connection, TrayItem
from dashboard.removals.bulk import MAX_ITEMS
from dashboard.selection import SelectionFull, Totals
from tests import make

OMAR = DEMO_PEOPLE["operator"]
ADA = DEMO_PEOPLE["admin"]


@pytest.fixture
def studio(db: None) -> Connection:
    return make.connection("small", label="Studio A")


@pytest.fixture
def creator(db: None) -> Connection:
    return make.connection("big", label="Creator B")


def fill(connection: Connection, count: int) -> None:
    TrayItem.objects.bulk_create(
        TrayItem(issuer=OMAR.issuer, subject=OMAR.subject, connection=connection, media_id=f"old-{number}")
        for number in range(count)
    )


def test_what_is_added_is_there_in_its_order_and_summed(studio: Connection) -> None:
    assert selection.count_totals(OMAR, studio) == Totals(0, 0, 0)
    assert selection.add(OMAR, studio, [("b", 2, 200), ("a", 1, 50)]) == 2
    assert selection.add(OMAR, studio, iter([("c", 0, 0)])) == 1
    assert selection.list_ids(OMAR, studio) == ["b", "a", "c"]
    assert selection.count_totals(OMAR, studio) == Totals(3, 3, 250)
    assert selection.find_selected(OMAR, studio, ["a", "x", "c"]) == {"a", "c"}
    assert selection.add(OMAR, studio, []) == 0


def test_added_again_it_keeps_its_place_and_takes_what_the_list_shows_now(studio: Connection) -> None:
    selection.add(OMAR, studio, [("a", 1, 50), ("b", 1, 50), ("a", 2, 60)])
    assert selection.add(OMAR, studio, [("a", 3, 70)]) == 0
    assert selection.list_ids(OMAR, studio) == ["a", "b"]
    assert selection.count_totals(OMAR, studio) == Totals(2, 4, 120)


def test_it_is_one_persons_and_one_connections(studio: Connection, creator: Connection) -> None:
    selection.add(OMAR, studio, [("a", 1, 50)])
    selection.add(OMAR, creator, [("a", 1, 50), ("b", 1, 50)])
    selection.add(ADA, creator, [("z", 1, 50)])
    stranger = replace(OMAR, issuer="elsewhere")
    assert selection.list_ids(OMAR, studio) == ["a"]
    assert selection.list_ids(stranger, studio) == []
    assert selection.count_all_totals(OMAR) == {studio.pk: Totals(1, 1, 50), creator.pk: Totals(2, 2, 100)}
    assert selection.count_all_totals(stranger) == {}
    assert selection.remove(OMAR, studio, ["b", "z"]) == 0
    assert selection.clear(OMAR, creator) == 2
    assert (selection.list_ids(OMAR, studio), selection.list_ids(ADA, creator)) == (["a"], ["z"])


def test_what_is_taken_out_is_gone_once(studio: Connection) -> None:
    selection.add(OMAR, studio, [(str(number), 1, 1) for number in range(1200)])
    gone = [str(number) for number in range(0, 1200, 2)]
    assert selection.remove(OMAR, studio, gone) == 600
    assert selection.remove(OMAR, studio, gone) == 0
    assert selection.count_totals(OMAR, studio) == Totals(600, 600, 600)


def test_it_holds_what_one_removal_may_have_and_no_more(studio: Connection) -> None:
    fill(studio, MAX_ITEMS - 1)
    assert selection.add(OMAR, studio, [("last", 1, 1)]) == 1
    with pytest.raises(SelectionFull) as full:
        selection.add(OMAR, studio, [("one", 1, 1), ("two", 1, 1)])
    assert full.value.items == MAX_ITEMS + 2
    assert selection.count_totals(OMAR, studio).items == MAX_ITEMS
    assert selection.add(OMAR, studio, [("last", 2, 2)]) == 0


def test_failures_of_a_job_remember_it(studio: Connection) -> None:
    first, second = make.job(studio), make.job(studio)
    selection.add(OMAR, studio, [("a", 1, 50), ("b", 1, 50)])
    assert selection.find_retried_job(selection.list_items(OMAR, studio)) is None
    selection.add(OMAR, studio, [("a", 1, 50)], first)
    selection.add(OMAR, studio, [("a", 1, 60)])  # pressed on the list meanwhile
    assert selection.find_retried_job(selection.list_items(OMAR, studio)) == first
    selection.add(OMAR, studio, [("b", 1, 50)], second)
    assert selection.find_retried_job(selection.list_items(OMAR, studio)) == second


@pytest.mark.django_db(transaction=True)
def test_two_at_once_neither_overfill_it_nor_fall_over_one_another() -> None:
    studio = make.connection("small", label="Studio A")
    fill(studio, MAX_ITEMS - 10)

    def press(turn: int) -> str:
        try:
            selection.add(OMAR, studio, [(f"{turn}-{number}", 1, 1) for number in range(8)])
            selection.add(OMAR, studio, [("both", turn, 1), (f"{turn}-0", 1, 1)])
        except SelectionFull:
            return "full"
        else:
            return "added"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, (1, 2))) == ["added", "full"]
    assert selection.count_totals(OMAR, studio).items == MAX_ITEMS - 1


def test_of_sizes_that_nobody_has_there_is_a_sum_all_the_same(studio: Connection) -> None:
    selection.add(OMAR, studio, [(f"a{number}", 1, 2**53) for number in range(MAX_ITEMS)])
    assert selection.count_totals(OMAR, studio).size_bytes == MAX_ITEMS * selection.MAX_SIZE_BYTES


def test_a_text_that_is_no_id_was_in_no_tray(studio: Connection) -> None:
    selection.add(OMAR, studio, [("a", 1, 50), ("b", 1, 50)])
    assert selection.remove(OMAR, studio, ["a\x00", "", "a" * 5000, "b"]) == 1, "PostgreSQL takes no NUL"
    assert selection.list_ids(OMAR, studio) == ["a"]
