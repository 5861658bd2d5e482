"""Run once before the other services: makes the password that nobody chose, and Alertmanager's configuration.

What exists already is kept, so that a restart changes nothing.
"""

from __future__ import annotations

import runpy
import secrets
import sys
from pathlib import Path
from typing import Final

PASSWORD: Final = Path("/run/btc-health/grafana/grafana_admin_password")
CONFIGURATION: Final = Path("/run/btc-health/alertmanager/alertmanager.yml")
ALERTMANAGER: Final = Path("/etc/alertmanager")


def password(file: Path) -> None:
    if not file.exists():
        file.write_text(secrets.token_urlsafe(24))


if __name__ == "__main__":
    password(PASSWORD)
    sys.argv = ["configure", str(CONFIGURATION), "--home", str(ALERTMANAGER)]
    runpy.run_path(str(ALERTMANAGER / "configure.py"), run_name="__main__")
