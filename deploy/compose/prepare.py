"""Run before the other services: makes the password that nobody chose, and Alertmanager's configuration.

A password that exists already is kept, so that a restart changes nothing. Alertmanager gets copies of what it reads, in
a volume that nothing else mounts: it runs as nobody, who may not read secrets that only their owner may.
"""

from __future__ import annotations

import argparse
import runpy
import secrets
import shutil
import sys
from pathlib import Path
from typing import Final

READ: Final = ("alertmanager.yml", "templates", "secrets")


def mirror(origin: Path, copy: Path) -> None:
    """Copies that everybody may read; what is gone from `origin` goes from `copy`."""
    wanted = {file.relative_to(origin) for name in READ for file in _files(origin / name)}
    for file in list(_files(copy)):
        if file.relative_to(copy) not in wanted:
            file.unlink()
    for name in wanted:
        place = copy / name
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f"{place.name}.new")
        shutil.copyfile(origin / name, new)
        new.chmod(0o444)
        new.replace(place)


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="prepare", description="Make what other services read.")
    parser.add_argument("--run", type=Path, default=Path("/run/btc-health"), help="default %(default)s")
    parser.add_argument("--alertmanager", type=Path, default=Path("/etc/alertmanager"), help="default %(default)s")
    chosen = parser.parse_args()
    password = chosen.run / "grafana" / "grafana_admin_password"
    if not password.exists():
        password.write_text(secrets.token_urlsafe(24))
    home = chosen.run / "alertmanager" / "home"
    mirror(chosen.alertmanager, home)
    sys.argv = ["configure", str(chosen.run / "alertmanager" / "alertmanager.yml"), "--home", str(home)]
    runpy.run_path(str(chosen.alertmanager / "configure.py"), run_name="__main__")


if __name__ == "__main__":
    main()
