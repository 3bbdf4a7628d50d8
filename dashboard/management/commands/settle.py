"""Finds out, by reading, what became of removals whose answer was lost."""

from typing import Any

from dashboard.management.base import DashboardCommand
from dashboard.removals.recovery import reconcile_due
from dashboard.units import format_count


class Command(DashboardCommand):
    help = (
        "Look once after every removal that was left behind by its process or whose outcome is unknown. "
        "Running servers do this by themselves."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{format_count(reconcile_due(), 'removal')} looked after.")
