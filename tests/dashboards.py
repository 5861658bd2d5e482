"""The committed dashboards as values, and their queries with the variables filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.machine import ROOT

FOLDER = ROOT / "grafana" / "dashboards"

# What Grafana puts in place of its variables when everything is chosen and a day is shown: of jobs, those it lists.
VALUES: Mapping[str, str] = {
    "$__rate_interval": "2m",
    "$__interval": "1m",
    "$__range": "1h",
    "$job": "btc-health",
    "$instance": ".*",
    "$source": ".*",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One query of one panel; `where` names both for messages."""

    where: str
    document: dict[str, Any]

    @property
    def raw(self) -> str:
        return str(self.document["expr"])

    @property
    def expr(self) -> str:
        return filled(self.raw)


def filled(expr: str, values: Mapping[str, str] = VALUES) -> str:
    for name in sorted(values, key=len, reverse=True):
        expr = expr.replace(name, values[name])
    if left := re.findall(r"\$[a-z_]\w*|\$\{", expr):
        raise ValueError(f"{expr}: no value for {left}")
    return expr


@cache
def dashboards() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json")))


def panels(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Without the headings of rows; with the panels of closed rows."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels") or []
        else:
            yield panel


def named_panels() -> Iterator[tuple[str, dict[str, Any]]]:
    for dashboard in dashboards():
        for panel in panels(dashboard):
            yield f"{dashboard['uid']}: {panel['title']}", panel


def targets() -> Iterator[Target]:
    for where, panel in named_panels():
        for target in panel.get("targets", []):
            yield Target(f"{where} {target['refId']}", target)


def marks() -> Iterator[Target]:
    for dashboard in dashboards():
        for annotation in dashboard["annotations"]["list"]:
            yield Target(f"{dashboard['uid']}: annotation {annotation['name']}", annotation["target"])
