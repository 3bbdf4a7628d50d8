"""Makes the admin's own tables and a superuser, and prints the cookie of one who has signed in:
`python -m tests.bench.peer.prepare`."""

from __future__ import annotations

import django


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    who = {"username": "somebody", "email": "somebody@example.com"}
    call_command("createsuperuser", interactive=False, verbosity=0, **who)
    browser = Client()
    browser.force_login(get_user_model()._default_manager.get())
    name = settings.SESSION_COOKIE_NAME
    print(f"{name}={browser.cookies[name].value}")


if __name__ == "__main__":
    main()
