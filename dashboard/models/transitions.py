"""Moves of a row from one state to another: each happens once, whoever else tries it at the same time.

They are written as SQL, and so is the event of each: the ORM takes longer to write such a statement anew than
the database to run it, and each item of a bulk removal has four.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.db import connection as database
from django.db import models


def insert(row: models.Model) -> None:
    """Insert a row whose primary key is set. No signal is sent."""
    fields = _get_fields(type(row)).values()
    values = [field.get_db_prep_save(getattr(row, field.attname), database) for field in fields]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    sql = f'INSERT INTO "{row._meta.db_table}" ({columns}) VALUES ({_write_places(values)})'  # noqa: S608
    _execute(sql, values)
    row._state.adding, row._state.db = False, database.alias


def transition(row: models.Model, before: Mapping[str, Any], /, **changes: Any) -> bool:
    """Change the row by one UPDATE if it still stands as `before` says; return whether it did.

    `before` has a value for each column that is asked, or a tuple of those that it may hold.
    """
    fields, conditions = _get_fields(type(row)), list[str]()
    values = [fields[name].get_db_prep_save(value, database) for name, value in changes.items()]
    columns = ", ".join(f'"{fields[name].column}" = %s' for name in changes)
    for name, value in {**before, row._meta.pk.name: row.pk}.items():
        if value is None:
            conditions.append(f'"{fields[name].column}" IS NULL')
            continue
        any_of = value if isinstance(value, tuple) else (value,)
        conditions.append(f'"{fields[name].column}" IN ({_write_places(any_of)})')
        values += [fields[name].get_db_prep_value(one, database) for one in any_of]
    sql = f'UPDATE "{row._meta.db_table}" SET {columns} WHERE {" AND ".join(conditions)}'  # noqa: S608
    if _execute(sql, values) != 1:
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    return True


@cache
def _get_fields(model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
    return {field.name: field for field in model._meta.local_concrete_fields}


def _write_places(values: Iterable[Any]) -> str:
    return ", ".join("%s" for _ in values)


def _execute(sql: str, values: list[Any]) -> int:
    """Run a statement whose names are our columns', and return the number of rows that it wrote."""
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)
