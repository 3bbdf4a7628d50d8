"""Log lines as JSON: one line a record, control characters escaped, nothing of the request's body."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, Final

_CONNECTION_ID: Final = re.compile(r"conn_\w+")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: a log store can split lines without being lied to.

    The vendor's connection ids are masked wherever they come from, a mistyped address included.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = getattr(record, "request_id", None)
        if request_id := request_id or getattr(getattr(record, "request", None), "request_id", None):
            line["request_id"] = request_id
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return _CONNECTION_ID.sub("conn_…", json.dumps(line, ensure_ascii=True))


LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("django", "django.server")},
}
"""Everything to stderr as JSON lines; Django's and gunicorn's alike."""
