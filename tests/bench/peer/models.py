"""The table that the bench has written."""

from __future__ import annotations

from django.db import models


class Item(models.Model):
    """A media item, with the columns of the list."""

    id = models.CharField(max_length=128, primary_key=True)
    type = models.CharField(max_length=20)
    length = models.FloatField(null=True)
    variants = models.TextField()
    size = models.BigIntegerField()
    first_seen = models.DateTimeField(null=True)
    last_access = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "items"

    def __str__(self) -> str:
        return self.id
