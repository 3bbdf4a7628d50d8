"""Removals, one by one and many as one: intent before the call, outcome after it, and what was lost."""
