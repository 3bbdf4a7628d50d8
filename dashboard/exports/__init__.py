"""The list taken away as a file: its rows, as a stream or prepared by the worker."""
