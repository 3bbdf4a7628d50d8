"""The table that the bench has written."""

from __future__ import annotations

from django.db import models


class Item(models.Model):
    """A media item, with the columns of the list."""

    id = models.CharField(max_length=128, primary_key=True)
    type = models.CharField(max_length=20)
    length = models.FloatField(null=True)
    thumb = models.CharField(max_length=20)
    p720 = models.CharField(max_length=20)
    p1080 = models.CharField(max_length=20)
    full = models.CharField(max_length=20)
    size = models.BigIntegerField()
    first_seen = models.DateTimeField(null=True)
    last_access = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "items"

    def __str__(self) -> str:
        return self.id
