"""Views, one file a noun. A view checks, asks the service, and shows."""
