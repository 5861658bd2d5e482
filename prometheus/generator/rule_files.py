"""From declarations to the rule files that Prometheus loads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from prometheus.generator.model import Alert, Declarations, Group, RecordGroup


def labels(group: Group, alert: Alert) -> dict[str, str]:
    pillar = {"pillar": group.pillar} if group.pillar else {}
    needs = {f"needs_{source}": "true" for source in group.needs_of(alert)}
    return {"severity": alert.severity, **pillar, **needs, **alert.labels}


def notes(declared: Declarations, group: Group, alert: Alert) -> dict[str, str]:
    return {
        "summary": declared.words(alert.summary),
        "description": declared.words(alert.description).strip(),
        "runbook_url": declared.links.runbooks.format(name=alert.title),
        "dashboard_url": declared.links.dashboards.format(uid=group.dashboard_of(alert)),
    }


def alert_rule(declared: Declarations, group: Group, alert: Alert) -> dict[str, Any]:
    rule: dict[str, Any] = {"alert": alert.title, "expr": declared.number(alert.expr).strip()}
    if alert.for_:
        rule["for"] = alert.for_
    if alert.keep:
        rule["keep_firing_for"] = alert.keep
    return rule | {"labels": labels(group, alert), "annotations": notes(declared, group, alert)}


def alert_file(declared: Declarations, group: Group) -> dict[str, Any]:
    rules = [alert_rule(declared, group, alert) for alert in group.alerts]
    return {"groups": [{"name": f"btchealth-{group.name}", "rules": rules}]}


def record_rules(declared: Declarations, group: RecordGroup) -> Iterator[dict[str, str]]:
    """Each record once for every combination of its `each` lists."""
    for one in group.records:
        for values in itertools.product(*one.each.values()):
            more = dict(zip(one.each, values, strict=True))
            yield {"record": declared.number(one.record, **more), "expr": declared.number(one.expr, **more).strip()}


def record_file(declared: Declarations, group: RecordGroup) -> dict[str, Any]:
    return {"groups": [{"name": f"btchealth-{group.name}", "rules": list(record_rules(declared, group))}]}


def record_homes(declared: Declarations) -> dict[str, RecordGroup]:
    return {rule["record"]: group for group in declared.records for rule in record_rules(declared, group)}
