"""Install or upgrade: `python -m on_lms.upgrade`, once, before tasks of a new image start; run again, it does nothing.

Kolibri upgrades itself wherever it starts and remembers the version that it came from in KOLIBRI_HOME. In a container
that folder is new each time: every task would migrate the database, at the same time as its neighbours, and the steps
from one version to the next would be left out, since a blank folder means a new install. So this process alone
upgrades, with a KOLIBRI_HOME on the shared files; all others start with --skip-update or without Kolibri's command.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path


def main() -> None:
    """Bring database and files to this image's version; on the first run, make the facility and its administrator."""
    home = Path(os.environ["LMS_FILES_PATH"]) / "upgrade"
    home.mkdir(exist_ok=True)
    os.environ["KOLIBRI_HOME"] = str(home)
    with tempfile.TemporaryDirectory() as folder:
        # Without an administrator, the first visitor would be asked to become one. Kolibri reads this file only while
        # there is none.
        wanted = Path(folder) / "provision.json"
        wanted.write_text(json.dumps(_provisioning()), encoding="utf-8")
        os.environ["KOLIBRI_AUTOMATIC_PROVISION_FILE"] = str(wanted)
        from kolibri.utils.main import initialize

        initialize(no_input=True)


def _provisioning() -> dict[str, object]:
    return {
        "facility_name": os.environ["LMS_FACILITY"],
        "preset": "formal",
        "superuser": {"username": os.environ["LMS_ADMIN_USER"], "password": os.environ["LMS_ADMIN_PASSWORD"]},
        "device_settings": {"language_id": "en", "allow_guest_access": False},
    }


if __name__ == "__main__":
    main()
