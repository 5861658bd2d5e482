"""Write grafana/dashboards/*.json, grafana/kustomization.yaml and docs/dashboards.md.

`python -m grafana.build` writes what differs and removes what is no longer declared; with `--check` it only names it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grafana.generator import document, kustomization, pillar
from grafana.generator.alerting import ALERTS
from grafana.generator.board import Board, to_json
from grafana.generator.history import HISTORY
from grafana.generator.market import MARKET
from grafana.generator.operations import EXPORTER
from grafana.generator.overview import OVERVIEW
from grafana.generator.sources import SOURCES

ROOT: Final = Path(__file__).resolve().parent.parent
DASHBOARDS: Final = ROOT / "grafana" / "dashboards"

BOARDS: Final[tuple[Board, ...]] = (OVERVIEW, *pillar.boards(), MARKET, SOURCES, EXPORTER, ALERTS, HISTORY)


def files() -> dict[Path, str]:
    """Every generated file with what it should hold."""
    titles = {board.id: board.short_title for board in BOARDS}
    wanted = {DASHBOARDS / f"{board.uid}.json": to_json(board, titles) for board in BOARDS}
    return {
        **wanted,
        ROOT / "docs" / "dashboards.md": document.page(BOARDS),
        ROOT / "grafana" / "kustomization.yaml": kustomization.page(board.uid for board in BOARDS),
    }


def differences() -> Iterator[tuple[Path, str | None]]:
    """Files that differ from what is declared, with their text; None where a file should not be there."""
    wanted = files()
    for file, text in wanted.items():
        if not file.is_file() or file.read_text() != text:
            yield file, text
    for file in sorted(DASHBOARDS.glob("*.json")):
        if file not in wanted:
            yield file, None


def main() -> int:
    parser = argparse.ArgumentParser(prog="grafana.build", description="Write the dashboards.")
    parser.add_argument("--check", action="store_true", help="only name what differs; exit 1 if anything does")
    check = parser.parse_args().check
    found = list(differences())
    for file, text in found:
        print(f"{'differs' if check else 'written' if text is not None else 'removed'}: {file.relative_to(ROOT)}")
        if check:
            continue
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
