"""A client for the five Vault+ media operations. Plain Python over `requests`; knows nothing of Django."""
