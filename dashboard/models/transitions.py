"""Moves of a row from one state to another: each happens once, whoever else tries it at the same time."""

from typing import Any

from django.db import models


def transition(row: models.Model, where: models.Q, **changes: Any) -> bool:
    """Change the row by one UPDATE if it still stands as `where` says; return whether it did."""
    rows = type(row)._default_manager.filter(where, pk=row.pk)
    if rows.update(**changes) != 1:
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    return True
