"""Gives the PostgreSQL role of web processes and workers its rights."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.db import DatabaseError

from dashboard import grants
from dashboard.management.base import DashboardCommand
from dashboard.units import format_count


class Command(DashboardCommand):
    help = (
        "Print the SQL that gives a PostgreSQL role exactly the rights that web processes and workers need, "
        "and takes away any other. Run it as the tables' owner, after each manage.py migrate."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", help="the role that web processes and workers connect as")
        parser.add_argument("--apply", action="store_true", help="execute it, as one transaction")

    def handle(self, *args: Any, role: str, apply: bool, **options: Any) -> None:
        try:
            statements = grants.build_statements(role)
            if apply:
                grants.apply_grants(role)
        except grants.GrantError as why:
            raise CommandError(str(why)) from None
        except DatabaseError as broken:
            raise CommandError(f"Nothing was changed: {str(broken).strip()}") from None
        if apply:
            self.stdout.write(
                f"{role} has the rights it needs on {format_count(len(grants.RIGHTS), 'table')}."
            )
        else:
            self.stdout.write("\n".join(f"{one};" for one in ("BEGIN", *statements, "COMMIT")))
