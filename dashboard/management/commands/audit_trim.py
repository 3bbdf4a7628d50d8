"""Moves old events of the audit out of the database, into a file."""

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.db import DatabaseError
from django.utils import timezone

from dashboard.audit import NotRecorded
from dashboard.audit.retention import trim
from dashboard.identity import make_local_caller
from dashboard.management.base import DashboardCommand
from dashboard.private import open_private
from dashboard.units import format_count


class Command(DashboardCommand):
    help = (
        "Write the events older than so many days to a file, a line each with its hash, and take them out of "
        "the database. A checkpoint says what was taken, so that audit_verify goes on from there. Run it as "
        "the owner of the table: others cannot lift its guards."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--keep-days", type=int, required=True, help="how many days stay")
        parser.add_argument("--to", type=Path, required=True, help="a new file for what is taken out")

    def handle(self, *args: Any, keep_days: int, to: Path, **options: Any) -> None:
        if keep_days < 1:
            raise CommandError("--keep-days has to be 1 or more.")
        try:
            with open(to, "x", encoding="ascii", opener=open_private) as file:
                taken = trim(timezone.now() - timedelta(days=keep_days), file, make_local_caller())
        except FileExistsError:
            raise CommandError(f"{to} is there already; name a new file.") from None
        except OSError as broken:
            raise CommandError(f"{to} cannot be written: {broken.strerror}. Nothing was taken out.") from None
        except (DatabaseError, NotRecorded) as broken:
            raise CommandError(f"Nothing was taken out: {broken}") from None
        self.stdout.write(f"{format_count(taken, 'event')} written to {to} and taken out.")
