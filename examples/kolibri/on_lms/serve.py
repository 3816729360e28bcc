"""Both of Kolibri's web applications behind one port, since a balancer's target has one.

Kolibri serves lessons that are whole web applications (HTML5, H5P) from a second server, so that they can live on an
origin of their own. Here the path decides; a second host name that leads to the same balancer makes the second origin
(README.md, "Lessons that are web applications").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kolibri.core.content.utils import paths
from kolibri.deployment.default.alt_wsgi import alt_application as lessons
from kolibri.deployment.default.wsgi import application as pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LESSONS = (paths.get_zip_content_base_path(), paths.zip_content_static_root())


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Hand a request to the application that its path belongs to."""
    answers: Callable[..., Iterable[bytes]] = lessons if environ["PATH_INFO"].startswith(LESSONS) else pages
    return answers(environ, start_response)
