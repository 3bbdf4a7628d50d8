"""Log lines: one record, one line of JSON, whatever the record holds."""

import json
import logging
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.logs import JsonFormatter


def line_of(message: str, *args: Any, **extra: Any) -> str:
    record = logging.makeLogRecord({"msg": message, "args": args, "levelname": "INFO", "name": "x", **extra})
    return JsonFormatter().format(record)


@given(st.text())
def test_any_text_stays_on_one_line_and_can_be_read_back(text: str) -> None:
    line = line_of("asked for %s", text)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == f"asked for {text}"


def test_a_forged_second_line_is_escaped() -> None:
    assert "\n" not in line_of('nothing"}\n{"level": "ERROR", "message": "forged"}')


def test_the_request_and_a_traceback_go_along() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError as error:
        line = line_of("broke", request_id="r1", exc_info=(ValueError, error, error.__traceback__))
    read = json.loads(line)
    assert read["request_id"] == "r1"
    assert "ValueError" in read["trace"]
    assert read["time"].endswith("+00:00")
