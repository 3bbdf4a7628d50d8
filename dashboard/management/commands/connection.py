"""Connections from the command line: add, list, rename, groups, archive, rekey. What changes is an event."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError

from dashboard import audit, connections
from dashboard.encryption import DecryptionError
from dashboard.identity import make_local_caller
from dashboard.management.base import DashboardCommand
from dashboard.models import CONNECTION_ID, Colour, Connection
from dashboard.service import UnknownConnection
from dashboard.units import format_count
from dashboard.web.forms.connection import ConnectionForm, NewConnectionForm


def asked_unseen() -> str:
    """The id from the keyboard, or from what is piped in: a command's arguments stay in a shell's history."""
    return getpass("Connection ID: ") if sys.stdin.isatty() else sys.stdin.readline().strip()


class Command(DashboardCommand):
    help = "Add, list, rename or archive the connections that people may look at, and say who may see them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="add a connection under a name of ours")
        add.add_argument("slug", help="its name in links: small letters, digits, hyphens")
        add.add_argument("connection_id", nargs="?", help="the vendor's id; left out, it is asked for unseen")
        add.add_argument("--label", help="its name on pages (the slug)")
        add.add_argument("--colour", choices=Colour.values, default=Colour.SLATE.value)
        add.add_argument("--group", action="append", default=[], help="a group that may see it (everybody)")
        verbs.add_parser("list", help="list the connections, ids by their last four characters")
        rename = verbs.add_parser("rename", help="change what pages call a connection")
        rename.add_argument("slug")
        rename.add_argument("label")
        groups = verbs.add_parser("groups", help="say which groups may see a connection")
        groups.add_argument("slug")
        groups.add_argument("group", nargs="*", help="exactly as the sign-on writes it; none is everybody")
        archive = verbs.add_parser("archive", help="hide a connection; its records stay")
        archive.add_argument("slug")
        archive.add_argument("--undo", action="store_true", help="bring it back")
        confirm = verbs.add_parser(
            "confirm", help="take a row that was changed outside the dashboard as it is"
        )
        confirm.add_argument("slug")
        confirm.add_argument(
            "connection_id", nargs="?", help="the vendor's id; left out, it is asked for unseen"
        )
        verbs.add_parser("rekey", help="seal every id anew by the first of DASHBOARD_DATA_KEYS")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            getattr(self, f"{verb}_connection")(**options)
        except audit.NotRecorded:
            raise CommandError("Nothing was done: the record of it could not be written.") from None
        except DecryptionError as error:
            raise CommandError(f"Nothing was changed: {error}") from None

    def add_connection(
        self, slug: str, connection_id: str | None, label: str | None, group: list[str], **typed: Any
    ) -> None:
        data = {
            "slug": slug,
            "connection_id": asked_unseen() if connection_id is None else connection_id,
            "label": label or slug,
            "groups": "\n".join(group),
            **typed,
        }
        connection = self.save(NewConnectionForm(data))
        self.stdout.write(f"Added {slug} (··{connection.tail}).")

    def list_connection(self, **options: Any) -> None:
        for one in Connection.objects.all():
            state = "archived" if one.archived_at else "in use"
            groups = ", ".join(one.groups) or "everybody"
            self.stdout.write(f"{one.slug}\t{one.label}\t{one.colour}\t··{one.tail}\t{state}\t{groups}")

    def rename_connection(self, slug: str, label: str, **options: Any) -> None:
        self.change(slug, label=label)
        self.stdout.write(f"{slug} is called {label.strip()} now.")

    def groups_connection(self, slug: str, group: list[str], **options: Any) -> None:
        connection = self.change(slug, groups="\n".join(group))
        self.stdout.write(f"{slug} is seen by {', '.join(connection.groups) or 'everybody'} now.")

    def archive_connection(self, slug: str, undo: bool, **options: Any) -> None:
        connections.archive(make_local_caller(), self.find(slug), undo=undo)
        self.stdout.write(f"{slug} is {'in use again' if undo else 'archived'}.")

    def confirm_connection(self, slug: str, connection_id: str | None, **options: Any) -> None:
        one = self.find(slug)
        typed = asked_unseen() if connection_id is None else connection_id
        try:
            CONNECTION_ID(typed)
            one = connections.confirm(make_local_caller(), one, typed)
        except ValidationError as wrong:
            raise CommandError(wrong.messages[0]) from None
        except connections.ConnectionExists:
            raise CommandError("Another connection has this ID.") from None
        groups = ", ".join(one.groups) or "everybody"
        self.stdout.write(f"{slug} (··{one.tail}) is called {one.label} and seen by {groups}.")

    def rekey_connection(self, **options: Any) -> None:
        sealed = connections.rekey(make_local_caller())
        self.stdout.write(f"{format_count(sealed, 'ID')} sealed by the first key.")

    def change(self, slug: str, **typed: str) -> Connection:
        connection = self.find(slug)
        form = ConnectionForm(connection=connection)
        return self.save(ConnectionForm({**form.initial, **typed}, connection=connection))

    def find(self, slug: str) -> Connection:
        try:
            return connections.get_by_slug(slug)
        except UnknownConnection:
            raise CommandError(f"There is no connection {slug}.") from None

    def save(self, form: ConnectionForm) -> Connection:
        """Do and record what the form says; else return its reasons, each after the name of its field."""
        saved = form.save(make_local_caller()) if form.is_valid() else None
        if saved is None:
            reasons = (f"{name.strip('_')}: {' '.join(map(str, said))}" for name, said in form.errors.items())
            raise CommandError("\n".join(reasons))
        return saved
