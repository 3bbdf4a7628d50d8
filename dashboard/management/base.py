"""The base of our commands."""

from typing import Any

from django.core.management import BaseCommand


class DashboardCommand(BaseCommand):
    """A command that starts without its database, which Django 6.1's system checks would ask."""

    def check(self, *args: Any, **kwargs: Any) -> None:
        """Run the system checks; those of databases only for the ones that are named."""
        if kwargs.get("databases") is None:
            kwargs["databases"] = []
        super().check(*args, **kwargs)
