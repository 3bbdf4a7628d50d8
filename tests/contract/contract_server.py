"""A service that is nothing but the contract: it answers with values that somebody drew from its schemas."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

MEDIA: Final = "/v2/vault-plus/media"
Json = dict[str, Any]

judged: Counter[str] = Counter()
"""What was answered, and what was driven over the answers, in the whole run."""


@dataclass
class World:
    """What the service holds, page by page, and what it says of a deletion and a purge."""

    pages: list[list[Json]] = field(default_factory=lambda: [[]])
    deleted: Json = field(default_factory=dict)
    purged: Json = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    @property
    def items(self) -> list[Json]:
        return [item for page in self.pages for item in page if item["id"] not in self.gone]

    def answer(self, method: str, address: str, body: bytes) -> tuple[int, Json]:
        """Return the status and JSON of a call."""
        parts = urlsplit(address)
        media_id = parts.path.removeprefix(MEDIA).strip("/")
        if method == "POST":
            asked = json.loads(body)["mediaIds"]
            return 200, {"items": [item for item in self.items if item["id"] in asked]}
        if method == "DELETE":
            if not media_id:
                return 200, self.purged
            if self.deleted["success"]:
                self.gone.add(media_id)
            return 200, {**self.deleted, "mediaId": media_id}
        if media_id:
            found = [item for item in self.items if item["id"] == media_id]
            return (200, found[0]) if found else (404, {"error": "Media not found"})
        number = int(parse_qs(parts.query).get("cursor", ["0"])[0])
        more = {"nextCursor": str(number + 1)} if number + 1 < len(self.pages) else {}
        return 200, {"items": [one for one in self.pages[number] if one["id"] not in self.gone], **more}


class ContractServer:
    """Answers on a free loopback port as its `world` says; `answers` counts."""

    def __init__(self) -> None:
        self.world = World()
        self.answers = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, value = server.world.answer(self.command, self.path, body)
                server.answers += 1
                content = json.dumps(value).encode()  # half an emoji stays one, as an escape
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = _answer

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
