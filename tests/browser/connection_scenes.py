"""Scenes of the admins' pages of connections, for the pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from playwright.sync_api import Page

S = TypeVar("S")


def connection_scenes(
    scene: Callable[..., S], press: Callable[..., Any], in_turn: Callable[..., Any]
) -> dict[str, S]:
    """Return the admins' pages. What they change stays changed, so these come last."""
    every, add, one = "/connections/", "/connections/add/", "/connections/archive-c/"
    send, archive = "main form button:last-child", "button[name=act]"
    refused = {
        "path": "/account/",
        "status": 403,
        "body": {"error": "Scope ACCOUNT is needed"},
        "times": None,
    }

    def fill(**fields: str) -> Any:
        return in_turn(*(lambda page, of=of: page.fill(f"#{of[0]}", of[1]) for of in fields.items()))

    def as_if_not_archived(page: Page) -> None:
        page.eval_on_selector(archive, "button => { button.value = 'archive'; }")

    return {
        "connections": scene(every, role="admin"),
        "connections-way": scene(every, role="admin", act=press("[popovertarget=switcher]")),
        "connection-add": scene(add, role="admin", whole=True),
        "connection-add-bad": scene(
            add,
            role="admin",
            act=in_turn(
                fill(connection_id="conn_made_up_0123456789ab", slug="Studio A", label="Studio A"),
                press(send, ".error"),
            ),
            whole=True,
        ),
        "connection-import": scene("/connections/import/", role="admin"),
        "connection-import-one": scene(
            "/connections/import/", role="admin", act=press("td .button", "#slug"), whole=True
        ),
        "connection-import-missed": scene("/connections/import/?row=0", role="admin"),
        "connection-import-refused": scene("/connections/import/", role="admin", fault=refused),
        "connection-import-unknown": scene(
            "/connections/import/",
            role="admin",
            fault={**refused, "status": 404, "body": {"error": "Not found"}},
        ),
        "connection-change": scene(one, role="admin", whole=True),
        "connections-kept": scene(
            one,
            role="admin",
            act=in_turn(fill(groups="vault-admins\nemea support"), press(send, ".done")),
        ),
        "connection-archive": scene("/connections/creator-b/archive/", role="admin"),
        "connections-archived": scene(
            f"{one}archive/", role="admin", act=in_turn(as_if_not_archived, press(archive, ".done"))
        ),
    }
