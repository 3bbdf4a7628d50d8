"""gunicorn's settings for what the dashboard is measured against: worker and threads are those of
`dashboard/server.py`. They import nothing, for environments that have nothing of ours."""

from __future__ import annotations

worker_class = "gthread"
workers = 1
threads = 28
timeout = 90
keepalive = 75
accesslog = None
loglevel = "warning"
control_socket_disable = True
