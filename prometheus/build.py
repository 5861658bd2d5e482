"""Write rules, unit tests, runbooks and the table of alerts from `prometheus/declarations` and `thresholds.yml`.

`python -m prometheus.build` writes what differs and removes what is no longer declared; `--check` only names it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from prometheus.generator import consoles, pages
from prometheus.generator.model import HOME, Alert, DeclarationError, Declarations, Group, load
from prometheus.generator.rule_files import alert_file, record_file, record_homes
from prometheus.generator.scenarios import Scenarios, days_file, test_file

NOTE = "# Written by `python -m prometheus.build` from prometheus/declarations and thresholds.yml; edit there.\n"

# Every file in these folders is generated.
OWNED = ("prometheus/rules", "prometheus/alerts", "prometheus/consoles", "prometheus/tests/alerts", "docs/runbooks")


class Dumper(yaml.SafeDumper):
    """Expressions of several lines stay as they were written."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, _text)


def dump(document: dict[str, Any]) -> str:
    return NOTE + yaml.dump(document, Dumper=Dumper, sort_keys=False, width=10_000, allow_unicode=True)


def needed(declared: Declarations, group: Group, alert: Alert) -> tuple[list[str], list[str]]:
    """(rule files, groups in the order of evaluation) for the unit tests of one alert."""
    homes = record_homes(declared)
    given = {series.partition("{")[0] for series in alert.case.series}
    unknown = alert.records - homes.keys()
    if unknown:
        raise DeclarationError(f"{alert.title}: no such record: {', '.join(sorted(unknown))}")
    names = list(dict.fromkeys(homes[record].name for record in sorted(alert.records - given)))
    files = [f"../../rules/{name}.yml" for name in names] + [f"../../alerts/{group.name}.yml"]
    return files, [f"btchealth-{name}" for name in [*names, group.name]]


def files(declared: Declarations) -> Iterator[tuple[str, str]]:
    """Every generated file as (path from the repository's root, text)."""
    for records in declared.records:
        yield f"prometheus/rules/{records.name}.yml", dump(record_file(declared, records))
    for group in declared.groups:
        yield f"prometheus/alerts/{group.name}.yml", dump(alert_file(declared, group))
        for alert in group.alerts:
            rule_files, order = needed(declared, group, alert)
            scenarios = Scenarios(declared, group, alert)
            yield f"prometheus/tests/alerts/{alert.title}.yml", dump(test_file(scenarios, rule_files, order))
            if days := days_file(scenarios, rule_files, order):
                yield f"prometheus/tests/alerts/{alert.title}-days.yml", dump(days)
            yield f"docs/runbooks/{alert.title}.md", pages.runbook(declared, group, alert)
            yield f"prometheus/consoles/{alert.title}.html", consoles.page(declared, group, alert)
    yield "docs/alerts.md", pages.overview(declared)


def differences(root: Path, wanted: dict[str, str]) -> Iterator[str]:
    for path, text in wanted.items():
        if not (root / path).is_file() or (root / path).read_text() != text:
            yield path
    for folder in OWNED:
        for file in sorted((root / folder).glob("*")):
            if str(file.relative_to(root)) not in wanted:
                yield str(file.relative_to(root))


def write(root: Path, path: str, text: str | None) -> None:
    target = root / path
    if text is None:
        target.unlink()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m prometheus.build", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if a file differs")
    options = parser.parse_args(arguments)
    root = HOME.parent
    try:
        wanted = dict(files(load()))
    except DeclarationError as error:
        print(error, file=sys.stderr)
        return 2
    changed = list(differences(root, wanted))
    for path in changed:
        print(f"{path}: differs from what is declared" if options.check else f"written: {path}")
        if not options.check:
            write(root, path, wanted.get(path))
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
