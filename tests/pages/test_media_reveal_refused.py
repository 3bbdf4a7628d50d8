"""`/c/<slug>/media/<id>/reveal/`: what no page has just shown to this person is refused, and not recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from django.core.signing import TimestampSigner

from dashboard import reveals
from dashboard.models import Event
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import NEW_ID, Browser, connection, operations, signed_in

from .test_media_reveal import HERE, LIST, SCRIPT_LABEL, on_item, on_list, reveal

Attack = Callable[[Browser], Any]


def of_another_person(viewer: Browser) -> Any:
    return reveal(viewer, on_item(signed_in("operator")))


def of_another_persons_list(viewer: Browser) -> Any:
    return reveal(viewer, on_list(signed_in("admin")))


def of_another_item(viewer: Browser) -> Any:
    return reveal(viewer, on_item(viewer, "96w", f"{LIST}odd-many/"))


def of_an_item_that_is_not_listed(viewer: Browser) -> Any:
    return reveal(viewer, on_list(viewer), f"{LIST}99999/reveal/")


def of_an_item_put_into_the_list(viewer: Browser) -> Any:
    said = on_list(viewer)
    return reveal(viewer, {**said, "listed": f"{said['listed']} 99999"}, f"{LIST}99999/reveal/")


def of_a_list_in_another_order(viewer: Browser) -> Any:
    said = on_list(viewer)
    return reveal(viewer, {**said, "listed": " ".join(reversed(said["listed"].split()))})


def of_a_list_sent_as_an_item(viewer: Browser) -> Any:
    return reveal(viewer, {"show": on_list(viewer)["show"]})


def of_a_list_of_one_sent_as_an_item(viewer: Browser) -> Any:
    said = on_list(viewer, f"{LIST}?limit=1")
    return reveal(viewer, {"show": said["show"]}, f"{LIST}{said['listed']}/reveal/")


def of_an_item_sent_as_a_list_of_one(viewer: Browser) -> Any:
    return reveal(viewer, {**on_item(viewer), "listed": "odd-label"})


def of_a_list_with_an_item_twice(viewer: Browser) -> Any:
    said = on_list(viewer)
    return reveal(viewer, {**said, "listed": f"odd-label {said['listed']}"})


def of_the_first_half_of_a_list(viewer: Browser) -> Any:
    said = on_list(viewer)
    ids = said["listed"].split()
    return reveal(viewer, {**said, "listed": " ".join(ids[:-1])}, f"{LIST}{ids[0]}/reveal/")


def forged_beside_a_genuine_one(viewer: Browser) -> Any:
    return reveal(viewer, {"show": "x", "link": on_item(viewer)["show"]})


def of_another_connection(viewer: Browser) -> Any:
    connection("twin", connection_id=NEW_ID)
    return reveal(viewer, on_item(viewer), HERE.replace("small", "twin"))


def of_another_variant(viewer: Browser) -> Any:
    of_thumb = on_item(viewer)["show"]
    return reveal(viewer, {"show": of_thumb.replace(of_thumb[:16], reveals.digest_label(SCRIPT_LABEL))})


def of_a_variant_that_is_not_there(viewer: Browser) -> Any:
    of_thumb = on_item(viewer)["show"]
    return reveal(viewer, {"show": of_thumb.replace(of_thumb[:16], reveals.digest_label("4k"))})


def with_a_later_time(viewer: Browser) -> Any:
    digest, at, signature = on_item(viewer)["show"].split(":")
    return reveal(viewer, {"show": f"{digest}:{at[:-1]}{'a' if at[-1] != 'a' else 'b'}:{signature}"})


def signed_by_us_for_something_else(viewer: Browser) -> Any:
    return reveal(viewer, {"show": TimestampSigner(salt="else").sign(reveals.digest_label("thumb"))})


def in_another_case(viewer: Browser) -> Any:
    return reveal(viewer, {"show": on_item(viewer)["show"].swapcase()})


def cut_short(viewer: Browser) -> Any:
    return reveal(viewer, {"show": on_item(viewer)["show"][:-1]})


def huge(viewer: Browser) -> Any:
    return reveal(viewer, {"show": on_item(viewer)["show"] + "x" * 100_000})


def of_a_huge_list(viewer: Browser) -> Any:
    return reveal(viewer, {**on_list(viewer), "listed": "odd-label " * 100_000})


def doubled(viewer: Browser) -> Any:
    """The last one counts, and it is forged."""
    return reveal(viewer, {"show": [on_item(viewer)["show"], "x"]})


def with_letters_that_cannot_be_seen(viewer: Browser) -> Any:
    return reveal(viewer, {"show": f"\0{on_item(viewer)['show']}\u202e"})


def by_name_alone(viewer: Browser) -> Any:
    return reveal(viewer, {"variant": "thumb", "link": "on"})


def with_nothing(viewer: Browser) -> Any:
    return reveal(viewer, {})


ATTACKS: Final[list[Attack]] = [
    of_another_person,
    of_another_persons_list,
    of_another_item,
    of_an_item_that_is_not_listed,
    of_an_item_put_into_the_list,
    of_a_list_in_another_order,
    of_a_list_sent_as_an_item,
    of_a_list_of_one_sent_as_an_item,
    of_an_item_sent_as_a_list_of_one,
    of_a_list_with_an_item_twice,
    of_the_first_half_of_a_list,
    forged_beside_a_genuine_one,
    of_another_connection,
    of_another_variant,
    of_a_variant_that_is_not_there,
    with_a_later_time,
    signed_by_us_for_something_else,
    in_another_case,
    cut_short,
    huge,
    of_a_huge_list,
    doubled,
    with_letters_that_cannot_be_seen,
    by_name_alone,
    with_nothing,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_what_was_not_just_shown_is_refused_and_not_recorded(
    viewer: Browser, sandbox: Sandbox, attack: Attack
) -> None:
    answer = attack(viewer)
    assert answer.status_code in (403, 422)
    assert "/v2/" not in text(answer)
    assert not Event.objects.exists()
    assert len([one for one in operations(sandbox) if one == "get"]) <= 1  # of the page alone
