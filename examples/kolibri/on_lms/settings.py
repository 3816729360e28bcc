"""Kolibri's own Django settings, and what has to differ where many tasks stand behind one balancer.

Everything that Kolibri reads from KOLIBRI_… variables stays its business; here is only what it has no variable for.
"""

import logging
import os
from pathlib import Path

from kolibri.deployment.default.settings.base import *  # noqa: F403  # Django reads settings as names of one module
from kolibri.deployment.default.settings.base import CACHES, LOGGING

FILES = Path(os.environ["LMS_FILES_PATH"])

# Kolibri's stands in its source code, where whoever wants to forge a signature can read it.
SECRET_KEY = os.environ["LMS_SECRET_KEY"]

# Uploads and exports: a web task writes what the worker reads, and the other way round.
MEDIA_ROOT = str(FILES / "media")

# TLS ends at the balancer, which says in this header how the request came.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ["LMS_URL"].startswith("https://")

# A rediss:// location turns TLS on, but then the client puts the location's password, which is none, in place of its
# own; and it would take any host's certificate. Both are set on the connections themselves.
CACHES["default"]["OPTIONS"]["CONNECTION_POOL_CLASS_KWARGS"] |= {
    "password": os.environ["KOLIBRI_CACHE_PASSWORD"],
    "ssl_check_hostname": True,
}


class CacheIsManaged(logging.Filter):
    """Leaves out one error: at each start Kolibri asks for the cache's settings, which ElastiCache shows to nobody."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep everything else."""
        return record.getMessage() != "Unable to check Redis settings"


LOGGING["filters"]["cache_is_managed"] = {"()": CacheIsManaged}
LOGGING["handlers"]["console-error"]["filters"] = ["cache_is_managed"]
# Without colours, which a log group shows as odd characters.
LOGGING["formatters"]["color"] = {"format": "%(levelname)s %(name)s %(message)s"}
