"""Scans: every page of a connection is read once, and summed up."""
