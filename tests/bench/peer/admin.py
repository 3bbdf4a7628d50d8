"""The list of items, a hundred a page."""

from __future__ import annotations

from django.contrib import admin

from .models import Item

admin.site.register(
    Item,
    list_display=[
        *("id", "type", "length", "thumb", "p720", "p1080", "full", "size", "first_seen", "last_access")
    ],
    list_per_page=100,
)
