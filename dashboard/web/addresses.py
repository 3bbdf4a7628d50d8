"""Addresses of named pages, kept: a page of the list asks for twenty."""

from functools import lru_cache
from typing import Any

from django.urls import reverse


@lru_cache(maxsize=1024)
def reverse_url(name: str, *args: Any) -> str:
    """Return the address of a named page."""
    return reverse(name, args=args)
