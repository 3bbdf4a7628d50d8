"""The life of a job, its queue, the walk over all pages, and when to try again."""
