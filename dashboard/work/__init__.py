"""What the worker does: bulk removals, scans, exports; and the life of a job, whoever works on it."""
