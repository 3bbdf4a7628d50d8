"""The life of a job, whoever works on it: its queue, the walk over all pages, and when to try again."""
