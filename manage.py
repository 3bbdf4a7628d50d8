#!/usr/bin/env python3
"""Commands: demo, migrate, connection, check … (`manage.py help`)."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["demo"]:
        from dashboard.bootstrap import ensure_environment

        ensure_environment()
        from dashboard.demo import set_environment

        set_environment(sys.argv[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        if sys.argv[1:2] not in ([], ["help"], ["--help"]):
            settings.DEBUG  # noqa: B018 - reads the settings before Django reports them as something else
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        sys.exit(f"The dashboard did not start.\n{wrong}")


if __name__ == "__main__":
    main()
