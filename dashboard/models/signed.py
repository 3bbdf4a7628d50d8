"""Rows that nobody changes unseen by the database alone: their signature needs a key that is not in it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db import models

from dashboard import encryption


class SignedFields(models.Model):
    """A row whose `SIGNED` columns are signed whenever it is saved, and checked when it is used."""

    SIGNED: tuple[str, ...] = ()
    _is_checked = False
    """True once this object was found intact: a page asks several times."""

    signature = models.CharField(max_length=73, default="", editable=False)

    class Meta:
        abstract = True

    @property
    def is_intact(self) -> bool:
        """Return True if the row is as the dashboard wrote it."""
        try:
            self.check_signature()
        except encryption.DecryptionError:
            return False
        return True

    def check_signature(self) -> None:
        """Raise encryption.RowChanged unless the row is as it was signed, or DecryptionError."""
        if not self._is_checked:
            encryption.check_signature(write_signed_text(self, self.SIGNED), self.signature)
            self._is_checked = True

    def refresh_from_db(self, *args: Any, **options: Any) -> None:
        """Read the row again, which is then checked again."""
        self._is_checked = False
        super().refresh_from_db(*args, **options)

    def sign(self) -> None:
        """Sign the row as it stands now. Whoever read it from the database checks it before."""
        self.signature = encryption.sign(write_signed_text(self, self.SIGNED))

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Save the row with its signature."""
        self.sign()
        columns = None if update_fields is None else {*update_fields, "signature"}
        super().save(*args, update_fields=columns, **options)


def write_signed_text(row: models.Model, columns: Iterable[str]) -> str:
    """Return what is signed of a row: its table, and these columns with their values."""
    return _encode([row._meta.db_table, *((name, getattr(row, name)) for name in columns)])


def _format_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


_encode: Final = json.JSONEncoder(default=_format_time).encode
