"""Take what is known to be gone out of every tray: every way in which an item goes ends here."""

import logging
from typing import Final

from django.db import Error, transaction

from dashboard.models import Removal, TrayItem

logger: Final = logging.getLogger(__name__)


def unselect(removal: Removal) -> None:
    """Take what the removal took out of everybody's tray, but for what was selected after it.

    To be called once the outcome is committed. Trouble with the database is only logged: the removal stands,
    and the review leaves out what is gone.
    """
    if not removal.is_gone:
        return
    rows = TrayItem.objects.filter(connection=removal.connection_id)
    if removal.verb == Removal.Verb.DELETE:
        rows = rows.filter(media_id=removal.media_id, added_at__lte=removal.settled_at)
    else:  # what is cached while a purge is under way may stay
        rows = rows.filter(added_at__lte=removal.sent_at)
    try:
        if rows.exists():  # which mostly there is not, and then nothing waits for a lock
            with transaction.atomic():
                rows.delete()
    except Error as broken:
        logger.warning("removal %s: what it took stays selected: %s", removal.pk, type(broken).__name__)
