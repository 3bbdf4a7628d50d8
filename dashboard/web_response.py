"""How gunicorn answers and logs: no line says which server this is, and a short answer is one packet."""

from typing import Any

from gunicorn import glogging, util
from gunicorn.http import wsgi


class Response(wsgi.Response):  # type: ignore[misc]
    """Sends its head together with the first piece of its body: two packets would wake the client twice."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.headers_sent, self._unsent_head = False, b""

    def default_headers(self) -> list[str]:
        """Return the lines that every answer begins with."""
        return [line for line in super().default_headers() if not line.startswith("Server:")]

    def send_headers(self) -> None:
        """Write the head, for `write` or `close` to send."""
        if not self.headers_sent:
            lines = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers)]
            self._unsent_head = f"{''.join(lines)}\r\n".encode("latin-1")
            self.headers_sent = True

    def write(self, content: bytes) -> None:
        """Send a piece of the body; a head that found none does not wait for the next."""
        super().write(content)
        self._send(b"")

    def close(self) -> None:
        """End the answer."""
        self.send_headers()
        self._send(b"")
        super().close()

    def _emit_body(self, content: bytes) -> None:
        self._send(b"%X\r\n%b\r\n" % (len(content), content) if self.chunked else content)

    def _send(self, content: bytes) -> None:
        head, self._unsent_head = self._unsent_head, b""
        if head or content:
            util.write(self.sock, head + content)


class Log(glogging.Logger):  # type: ignore[misc]
    """Has no line a request: gunicorn would collect the facts of one that no handler takes."""

    access_log_enabled = False
