"""Reads the audit's whole chain and says whether it holds."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management import CommandError

from dashboard import audit
from dashboard.audit.anchors import BUCKET, compare, read_bucket
from dashboard.audit.nightly import find_fault
from dashboard.management.base import DashboardCommand
from dashboard.safety import check_anchor
from dashboard.units import format_count

MAX_LINE_LENGTH: Final = 64 * 1024
"""What is longer is no anchor, and need not be in memory to be called so."""


class Command(DashboardCommand):
    help = (
        "Read every event of the audit and the ledger beside it, and name the first row that was changed, "
        "added or taken away. Prints the last event's number and hash: note them, and give them as --seen "
        "another day, for a chain cannot know by itself that its end was cut off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seen", metavar="NUMBER:HASH", help="an event that was there when it was noted")
        parser.add_argument(
            "--anchors",
            metavar="FILE",
            help="anchors to compare with the chain: a file, or s3://bucket/folder",
        )

    def handle(self, *args: Any, seen: str | None, anchors: str | None = None, **options: Any) -> None:
        verdict = audit.verify(seen=self.noted(seen) if seen else None)
        if verdict.broken:
            raise CommandError(f"Event {verdict.broken.sequence} {verdict.broken.reason}.")
        if anchors:
            self.compare_anchors(anchors)
        if fault := find_fault():
            raise CommandError(f"{fault}.")
        events = format_count(verdict.events, "event")
        self.stdout.write(f"The chain holds: {events}. Last: {verdict.head}:{verdict.hash}")

    def compare_anchors(self, target: str) -> None:
        try:
            if target.startswith(BUCKET):
                check_anchor(target)
                verdict = compare(read_bucket(target))
            else:
                with Path(target).open("r", encoding="ascii", errors="replace") as file:
                    verdict = compare(iter(lambda: file.readline(MAX_LINE_LENGTH), ""))
        except OSError as broken:
            raise CommandError(f"{target} cannot be read: {broken.strerror or broken}.") from None
        except ValueError as wrong:
            raise CommandError(f"--anchors {wrong}") from None
        if verdict.fault:
            raise CommandError(f"{verdict.fault}.")
        self.stdout.write(f"The anchors hold: {verdict.count}. The newest saw {verdict.newest}.")

    def noted(self, text: str) -> tuple[int, str]:
        number, _, hash_ = text.partition(":")
        if not number.isdecimal() or len(hash_) != 64:
            raise CommandError("--seen wants a number, a colon and a hash of 64 digits, as printed before.")
        return int(number), hash_
