"""Every address there is, who may open it, and more pages than there are addresses."""

from __future__ import annotations

from typing import Final

ADDRESSES: Final = {
    "home": "/?choose=1",
    "sign-in": "/sign-in/",
    "sign-out": "/sign-out/",
    "preferences": "/preferences/",
    "connection": "/c/small/",
    "connection-purge": "/c/small/purge/",
    "media-list": "/c/small/media/",
    "media-live": "/c/small/live/?id=odd-many",
    "media-delete": "/c/small/media/odd-many/delete/",
    "media-item": "/c/small/media/odd-many/",
    "media-reveal": "/c/small/media/odd-many/reveal/",
    "go": "/go?media=449&ticket=ZD-1",
    "go-answers": "/go/answers?media=449",
    "connections": "/connections/",
    "connection-add": "/connections/add/",
    "connection-import": "/connections/import/",
    "connection-change": "/connections/small/",
    "connection-archive": "/connections/small/archive/",
    "styleguide": "/styleguide/",
    "healthz": "/healthz",
    "readyz": "/readyz",
}
OPEN: Final = {"sign-in", "sign-out", "healthz", "readyz"}
ADMINS: Final = (
    "connection-purge",
    "connections",
    "connection-add",
    "connection-import",
    "connection-change",
    "connection-archive",
)
NEEDED: Final = {"media-delete": "operator", **dict.fromkeys(ADMINS, "admin")}
"""The least role of an address where it is not viewer."""
ROLES: Final = ("viewer", "operator", "admin")
NO_PAGE: Final = {"sign-out", "preferences", "media-live", "media-reveal", "healthz", "readyz"}
PAGES: Final = [name for name in ADDRESSES if name not in NO_PAGE]
MORE_PAGES: Final = {
    "list, sorted and filtered": "/c/small/media/?status=stored&sort=createdAt_asc",
    "list, grid of a million": "/c/big/media/?limit=100",
    "list, empty": "/c/empty/media/",
    "list, refused": "/c/small/media/?status=x",
    "list, stale": "/c/small/media/?cursor=x",
    "item, not cached": "/c/small/media/99999/",
    "item, tombstone": "/c/small/media/88888/",
    "item, no id": "/c/small/media/%2e%2e/",
    "item, odd": "/c/small/media/odd-label/",
    "search, refused": "/?q=4.49E%2B09",
    "link, to nothing": "/go",
    "link, bad ticket": "/go?media=449&ticket=%00",
    "link, no connection": "/go?media=449&connection=nowhere",
    "connections, one kept": "/connections/?kept=small",
    "connections, import of none": "/connections/import/?row=0",
    "connections, none to change": "/connections/nowhere/",
    "no connection": "/c/nowhere/",
    "nowhere": "/nowhere",
}
EVERYWHERE: Final = {**{name: ADDRESSES[name] for name in PAGES}, **MORE_PAGES}
