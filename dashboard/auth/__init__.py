"""Who is it, and what may they do. One door for identity, one decorator for roles."""
