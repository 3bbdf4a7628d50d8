"""Log lines as JSON: one line per record, control characters escaped, nothing of the request body."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, Final

_CONNECTION_ID: Final = re.compile(r"conn_\w+")


def mask_ids(facts: Any) -> Any:
    """Return texts, also in lists and mappings, without the vendor's ids, NUL, and lone surrogates."""
    if isinstance(facts, str):
        if facts.isascii() and "conn_" not in facts and "\x00" not in facts:  # as mostly
            return facts
        whole = facts.replace("\x00", "").encode("utf-8", "replace").decode()
        return _CONNECTION_ID.sub("conn_…", whole)
    if isinstance(facts, dict):
        return {name: mask_ids(value) for name, value in facts.items()}
    if isinstance(facts, list | tuple):
        return [mask_ids(value) for value in facts]
    return facts


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON that no message can break, without the vendor's connection ids."""

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
    "formatters": {"json": {"()": JsonFormatter}, "bare": {"format": "%(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json"},
        "stdout": {"class": "logging.StreamHandler", "formatter": "bare", "stream": "ext://sys.stdout"},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        **{name: {"handlers": [], "propagate": True} for name in ("django", "django.server")},
        **{name: {"level": "WARNING"} for name in ("django_tasks", "django.tasks", "django_tasks_db")},
        "dashboard.audit": {"handlers": ["stdout"], "level": "INFO", "propagate": False},
        "dashboard.audit.record": {"handlers": ["stderr"], "propagate": False},
    },
}
"""Everything to stderr as JSON lines, Django's and gunicorn's alike; the audit's events to stdout, bare."""
