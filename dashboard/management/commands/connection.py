"""Connections from the command line: add, list, rename, archive."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from dashboard.models import CONNECTION_ID, Colour, Connection
from dashboard.units import count_text


class Command(BaseCommand):
    help = "Add, list, rename or archive the connections that people may look at."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="add a connection under a name of ours")
        add.add_argument("slug", help="its name in links: small letters, digits, hyphens")
        add.add_argument("connection_id", help="the vendor's id, kept out of links and logs")
        add.add_argument("--label", help="its name on pages (the slug)")
        add.add_argument("--colour", choices=Colour.values, default=Colour.SLATE.value)
        verbs.add_parser("list", help="list the connections, ids by their last four characters")
        rename = verbs.add_parser("rename", help="change what pages call a connection")
        rename.add_argument("slug")
        rename.add_argument("label")
        archive = verbs.add_parser("archive", help="hide a connection; its records stay")
        archive.add_argument("slug")
        verbs.add_parser("rekey", help="seal every id anew by the first of DASHBOARD_DATA_KEYS")
        archive.add_argument("--undo", action="store_true", help="bring it back")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        getattr(self, f"{verb}_connection")(**options)

    def add_connection(
        self, slug: str, connection_id: str, label: str | None, colour: str, **options: Any
    ) -> None:
        self.refuse_bad_id(connection_id)
        connection = Connection(slug=slug, label=(label or slug).strip(), colour=colour)
        connection.give_id(connection_id)
        self.save(connection)
        self.stdout.write(f"Added {slug} (··{connection.tail}).")

    def list_connection(self, **options: Any) -> None:
        for connection in Connection.objects.all():
            state = "archived" if connection.archived_at else "in use"
            self.stdout.write(
                f"{connection.slug}\t{connection.label}\t{connection.colour}\t··{connection.tail}\t{state}"
            )

    def rename_connection(self, slug: str, label: str, **options: Any) -> None:
        connection = self.find(slug)
        connection.label = label.strip()
        self.save(connection)
        self.stdout.write(f"{slug} is called {connection.label} now.")

    def archive_connection(self, slug: str, undo: bool, **options: Any) -> None:
        connection = self.find(slug)
        connection.archived_at = None if undo else timezone.now()
        self.save(connection)
        self.stdout.write(f"{slug} is {'in use again' if undo else 'archived'}.")

    def find(self, slug: str) -> Connection:
        try:
            return Connection.objects.get(slug=slug)
        except Connection.DoesNotExist:
            raise CommandError(f"There is no connection {slug}.") from None

    def rekey_connection(self, **options: Any) -> None:
        for connection in Connection.objects.all():
            connection.give_id(connection.connection_id)
            connection.save(update_fields=["sealed_id", "id_digest", "tail"])
        self.stdout.write(f"{count_text(Connection.objects.count(), 'ID')} sealed by the first key.")

    def refuse_bad_id(self, connection_id: str) -> None:
        try:
            CONNECTION_ID(connection_id)
        except ValidationError as wrong:
            raise CommandError(f"connection_id: {' '.join(wrong.messages)}") from None
        if other := Connection.objects.by_raw_id(connection_id):
            raise CommandError(f"connection_id: {other.slug} has this ID already.")

    def save(self, connection: Connection) -> None:
        try:
            connection.full_clean()
        except ValidationError as wrong:
            reasons = (f"{name}: {' '.join(said)}" for name, said in wrong.message_dict.items())
            raise CommandError("\n".join(reasons)) from None
        connection.save()
