"""Who is it, and what may they do. One door for identity, one decorator for roles."""

from .identity import Person, Role
from .roles import needs, public

__all__ = ["Person", "Role", "needs", "public"]
