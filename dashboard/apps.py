"""The application, whose system checks are known to every start."""

from django.apps import AppConfig
from django.core import checks


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from .auth.roles import check_view_roles

        checks.register(check_view_roles, checks.Tags.security)
