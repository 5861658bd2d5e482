"""From declarations to what people read: one runbook page an alert, and the table of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prometheus.generator.model import Alert, Declarations, Group
from prometheus.generator.rule_files import labels

_USED = re.compile(r"\$\{(\w+)\}")
_NOTE = "<!-- Written by `python -m prometheus.build` from prometheus/declarations; edit there. -->"


def runbook(declared: Declarations, group: Group, alert: Alert) -> str:
    return "\n".join(_runbook(declared, group, alert)) + "\n"


def _runbook(declared: Declarations, group: Group, alert: Alert) -> Iterator[str]:
    yield from (_NOTE, "", f"# {alert.title}", "", declared.words(alert.summary), "")
    yield from ("## Meaning", "", declared.words(alert.meaning).strip(), "")
    yield from ("```promql", declared.number(alert.expr).strip(), "```", "")
    yield from (f"- {fact}" for fact in facts(declared, group, alert))
    yield from ("", "## Impact", "", declared.words(alert.impact).strip(), "", "## Diagnosis", "")
    for query in alert.diagnosis:
        yield from (f"{query.text}", "", "```promql", declared.number(query.expr).strip(), "```", "")
    yield from ("## Mitigation", "", declared.words(alert.mitigation).strip())


def facts(declared: Declarations, group: Group, alert: Alert) -> Iterator[str]:
    """When it fires, what mutes it, how often it is wrong, and the thresholds with their reasons."""
    yield f"Severity: {alert.severity}."
    if alert.for_:
        stays = f", stays for {alert.keep} after it last held" if alert.keep else ""
        yield f"Fires after the condition has held for {alert.for_}{stays}."
    if needs := [name.removeprefix("needs_") for name in labels(group, alert) if name.startswith("needs_")]:
        yield f"Muted while one of these sources is down: {', '.join(needs)}."
    if alert.false_alarms:
        yield f"False alarms: {alert.false_alarms}."
    for name in dict.fromkeys(_USED.findall(alert.expr)):
        threshold = declared.thresholds[name]
        yield f"Threshold `{name}`: {threshold.words}. {threshold.why}"


def overview(declared: Declarations) -> str:
    return "\n".join(_overview(declared)) + "\n"


def _overview(declared: Declarations) -> Iterator[str]:
    count = sum(len(group.alerts) for group in declared.groups)
    yield from (_NOTE, "", "# Alerts", "")
    yield f"{count} alerts. Each has unit tests in `prometheus/tests/alerts/` and a page in `docs/runbooks/`."
    yield "How often they would have fired over years of daily history is in [false-alarms.md](false-alarms.md),"
    yield "what a quiet month of the simulated world shows in [quiet-month.md](quiet-month.md)."
    yield "`for` is how long the condition must hold, `stays` how long the alert outlives it, lest a gap resolve it."
    for group in declared.groups:
        yield from ("", f"## {group.title}", "", "| alert | severity | for | stays | says | false alarms by chance |")
        yield "| --- | --- | --- | --- | --- | --- |"
        for alert in group.alerts:
            cells = (
                f"[{alert.title}](runbooks/{alert.title}.md)", alert.severity, alert.for_ or "-", alert.keep or "-",
                declared.words(alert.summary), alert.false_alarms or "-",
            )  # fmt: skip
            yield f"| {' | '.join(cells)} |"
    yield from ("", "## Thresholds", "", "| name | value | why |", "| --- | --- | --- |")
    for name, threshold in declared.thresholds.items():
        yield f"| `{name}` | {threshold.words} | {threshold.why} |"
