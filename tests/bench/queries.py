"""Counts the queries of a page: `python -m tests.bench.queries PATH COOKIE` prints them as JSON.

The page is printed by a process of its own over the program's database, as a warm server would print it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Final

import django

PAGES: Final = 3


def main(path: str, cookie: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    browser = Client(SERVER_NAME="127.0.0.1")
    browser.cookies.load(cookie)
    for _ in range(PAGES):
        browser.get(path)
    counts, texts = list[int](), list[str]()
    for _ in range(PAGES):
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(path)
        assert answer.status_code == 200, answer.status_code
        counts.append(len(queries))
        texts = [query["sql"] for query in queries]
    print(json.dumps({"counts": counts, "texts": texts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
