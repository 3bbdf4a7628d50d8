"""Adds connections to a new database: `python -m tests.bench.connect COUNT`. The first are the sandbox's, the
rest are there to be listed."""

from __future__ import annotations

import os
import sys

import django

from .upstream import COUNTS


def main(count: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from dashboard.models import Connection

    ids = [*COUNTS, *(f"conn_bench_number{number}_0000" for number in range(count))]
    for connection_id in ids[:count]:
        slug = connection_id.split("_")[2]
        connection = Connection(slug=slug, label=slug.capitalize())
        connection.set_connection_id(connection_id)
        connection.save()


if __name__ == "__main__":
    main(int(sys.argv[1]))
