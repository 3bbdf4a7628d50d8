"""Who is it, and what may they do. One door for identity, one decorator for roles."""

from .identity import Caller, Person, Role, local_caller
from .roles import needs, public

__all__ = ["Caller", "Person", "Role", "local_caller", "needs", "public"]
