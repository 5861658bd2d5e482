"""Run once before the other services: makes the password that nobody chose, and Alertmanager's configuration.

A password that exists already is kept, so that a restart changes nothing.
"""

from __future__ import annotations

import argparse
import runpy
import secrets
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="prepare", description="Make what other services read.")
    parser.add_argument("--run", type=Path, default=Path("/run/btc-health"), help="default %(default)s")
    parser.add_argument("--alertmanager", type=Path, default=Path("/etc/alertmanager"), help="default %(default)s")
    chosen = parser.parse_args()
    password = chosen.run / "grafana" / "grafana_admin_password"
    if not password.exists():
        password.write_text(secrets.token_urlsafe(24))
    configuration = chosen.run / "alertmanager" / "alertmanager.yml"
    sys.argv = ["configure", str(configuration), "--home", str(chosen.alertmanager)]
    runpy.run_path(str(chosen.alertmanager / "configure.py"), run_name="__main__")


if __name__ == "__main__":
    main()
