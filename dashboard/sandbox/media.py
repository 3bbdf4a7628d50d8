"""The media host: serves what a signed link names, and counts who looked.

Pictures have the pixels of their variant; films and sounds are short clips whatever duration is
stated. A stored variant is as many bytes long as its `sizeBytes` (only a picture that will not
code so small is longer); one not stored yet is served too, as an edge cache would.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from .links import Link, LinkSigner
from .padded import PaddedFile, pad, parse_range
from .pictures import make_picture
from .recordings import make_clip
from .records import Fact
from .response import Response, make_error, make_json_response
from .shelf import Shelf

_MAX_UNSTORED_BYTES = 4_000_000
_MAX_CACHING_SECONDS = 3600


class MediaHost:
    """Answers `/v2/<token>`: GET and HEAD serve, POST makes the vendor store the variant."""

    def __init__(self, shelves: Sequence[Shelf], secret: bytes, now: Callable[[], float]) -> None:
        self._shelves, self._links, self._now = shelves, LinkSigner(secret), now
        self.stored_outlives_link = True
        """Whether a stored variant is served after its link's end date: the reference does not say."""

    def respond(self, method: str, token: str, headers: Mapping[str, str]) -> Response:
        """Serve, store or refuse. Needs no key: whoever has the link may look."""
        if method not in ("GET", "HEAD", "POST"):
            return make_error(405, "Method not allowed", Allow="GET, HEAD, POST")
        link, now = self._links.read(token), self._now()
        if link is None or link.shelf >= len(self._shelves):
            return make_error(403, "Invalid signature")
        shelf = self._shelves[link.shelf]
        facts = shelf.facts(link.index, now) if shelf.holds(link.index) else []
        status = facts[link.variant].status if link.variant < len(facts) else "removed"
        if link.expires <= now and not (status == "stored" and self.stored_outlives_link):
            return make_error(403, "Link expired")
        if status == "removed":
            return make_error(404, "Media not found")
        if method == "POST":
            shelf.store(link.index, link.variant, now)
            return make_json_response(200, {"stored": True})
        if method == "GET":
            shelf.observe(link.index, link.variant, now)
        return self._serve(shelf, link, facts[link.variant], headers, now)

    def _serve(
        self, shelf: Shelf, link: Link, fact: Fact, headers: Mapping[str, str], now: float
    ) -> Response:
        identity = f"{shelf.connection}/{link.index}/{link.variant}/{fact.size}"
        tag = f'"{hashlib.blake2b(identity.encode(), digest_size=9).hexdigest()}"'
        usual = {
            "Accept-Ranges": "bytes",
            "Cache-Control": f"private, max-age={int(max(0, min(_MAX_CACHING_SECONDS, link.expires - now)))}",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "ETag": tag,
            "X-Content-Type-Options": "nosniff",
        }
        if headers.get("if-none-match", "") in (tag, "*"):
            return Response(304, headers=usual)
        file = self._file(shelf, link, fact)
        asked = parse_range(headers.get("range", ""), file.length)
        if asked is None or headers.get("if-range", tag) != tag:
            return _whole_or_part(200, file, range(file.length), fact.content_type, usual)
        if not asked:
            answer = make_error(416, "Range not satisfiable")
            answer.headers = {**usual, "Content-Range": f"bytes */{file.length}"}
            return answer
        usual["Content-Range"] = f"bytes {asked.start}-{asked.stop - 1}/{file.length}"
        return _whole_or_part(206, file, asked, fact.content_type, usual)

    def _file(self, shelf: Shelf, link: Link, fact: Fact) -> PaddedFile:
        content = make_clip(fact.content_type, fact.width, fact.height)
        if content is None:
            content = make_picture(
                f"{shelf.connection}/{link.index}",
                fact.width or 320,
                fact.height or 240,
                shelf.kind(link.index)[0],
                fact.content_type,
                f"{shelf.id_of(link.index)[:24]}  {fact.label[:24]}",
                fact.size or _MAX_UNSTORED_BYTES,
            )
        return pad(content, fact.size, fact.content_type)


def _whole_or_part(
    status: int, file: PaddedFile, asked: range, content_type: str, headers: dict[str, str]
) -> Response:
    pieces = partial(file.pieces, asked.start, asked.stop)
    return Response(status, b"", content_type, headers, stream=pieces, length=len(asked))
