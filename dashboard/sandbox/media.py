"""The media host: serves what a signed link names, and counts who looked."""

from collections.abc import Callable, Mapping, Sequence

from .answer import Answer, error
from .links import LinkSigner
from .shelf import Shelf


class MediaHost:
    """Answers `/v2/<token>`."""

    def __init__(self, shelves: Sequence[Shelf], secret: bytes, now: Callable[[], float]) -> None:
        self._shelves, self._links, self._now = shelves, LinkSigner(secret), now

    def answer(self, method: str, token: str, headers: Mapping[str, str]) -> Answer:
        """Serve, store (POST) or refuse."""
        return error(404, "Not found")
