"""How gunicorn serves Kolibri: `gunicorn --config python:on_lms.gunicorn`."""

import os

wsgi_app = "on_lms.serve:application"
bind = f"0.0.0.0:{os.environ['KOLIBRI_HTTP_PORT']}"
# Threads wait for the database; processes use the CPUs. Each process holds up to `threads` database connections.
workers = int(os.environ.get("LMS_WEB_PROCESSES", "2"))
threads = 8
worker_class = "gthread"
# Longer than the balancer keeps an idle connection, or it would send a request into a closing one: 502.
keepalive = int(os.environ["LMS_IDLE_SECONDS"]) + 15
# Requests under way after SIGTERM; StopTimeout must be longer.
graceful_timeout = 45
timeout = 120
# Kolibri hands out compressed files through objects that the kernel's sendfile cannot take: the answer would be empty.
sendfile = False
# Heartbeat files belong into memory, not on a disk that may be slow.
worker_tmp_dir = "/dev/shm"  # noqa: S108  # a folder that Fargate gives to each task
