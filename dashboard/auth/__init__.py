"""Identity and roles: one backend that identifies people, and one decorator for the role a view needs."""
