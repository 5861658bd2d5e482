"""From one alert's case to promtool's unit tests: the first moment, the threshold, the gap, the flapping."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prometheus.generator.model import Alert, Case, DeclarationError, Declarations, Extra, Group, Levels, minutes
from prometheus.generator.rule_files import labels, notes
from prometheus.generator.timeline import INTERVAL, Phase, Silence, render

TARGET: Final = {"job": "btc-health", "instance": "exporter:9833", "pod": "exporter-0"}
OF_TARGET: Final = ("instance", "pod")

# A second replica that shows half, so that every test also says which replica counts.
REPLICA: Final = {"job": "btc-health", "instance": "replica:9833", "pod": "exporter-1"}
BEHIND: Final = 0.5

# Series that a label of the expression must keep out: one far below, one far above what counts.
DECOYS: Final = {"decoy-low": 0.999, "decoy-high": -999.0}

# (at least so many minutes of `for`, minutes between two evaluations in the tests)
STEPS: Final = ((180, 10), (30, 5), (0, 1))
# Timelines of days are evaluated once an hour.
HOURLY: Final = 60
# Two scrapes can be missed unseen only while Prometheus looks back for five minutes.
UNSEEN_GAP: Final = 5

_SERIES: Final = re.compile(r"([\w:]+)(?:\{(.*)\})?")
_CHOSEN: Final = re.compile(r'\w+="[^"]+"')


def test_file(scenarios: Scenarios, rule_files: list[str], order: list[str]) -> dict[str, Any]:
    return _file(list(scenarios), scenarios.step, rule_files, order)


def days_file(scenarios: Scenarios, rule_files: list[str], order: list[str]) -> dict[str, Any] | None:
    """The timelines of days, if the alert has any."""
    days = list(scenarios.days())
    return _file(days, HOURLY, rule_files, order) if days else None


def _file(tests: list[Test], step: int, rule_files: list[str], order: list[str]) -> dict[str, Any]:
    return {
        "rule_files": rule_files,
        "evaluation_interval": f"{step}m",
        "group_eval_order": order,
        "tests": [one.render() for one in tests],
    }


@dataclass(frozen=True, slots=True)
class Test:
    """One promtool test: the phases of its series and what is expected at which minute."""

    scenarios: Scenarios
    name: str
    phases: list[Phase]
    at: Mapping[int, bool]
    says: str | None = None
    labels: Mapping[str, str] | None = None
    every: int = 1

    def render(self) -> dict[str, Any]:
        checks = []
        for minute, fires in sorted(self.at.items()):
            check: dict[str, Any] = {"eval_time": f"{minute}m", "alertname": self.scenarios.alert.title}
            if fires:
                check["exp_alerts"] = [self.scenarios.expected(self.says, self.labels)]
            checks.append(check)
        interval = INTERVAL if self.every == 1 else f"{self.every - 1}m{INTERVAL}"
        series = [{"series": name, "values": values} for name, values in self._series()]
        return {"name": self.name, "interval": interval, "input_series": series, "alert_rule_test": checks}

    def _series(self) -> Iterator[tuple[str, str]]:
        phases = [(minutes // self.every, state) for minutes, state in self.phases]
        case = self.scenarios.case
        for text, level in case.series.items():
            yield selector(text), render(level, phases)
        for text, level in case.series.items():
            if case.replicas and text.startswith("btchealth_") and "instance=" not in text:
                yield selector(text, REPLICA), render(level, phases, BEHIND)
        for text, level in case.series.items():
            for decoy, behind in self.scenarios.decoys(text):
                yield selector(decoy), render(level, phases, behind)


class Scenarios:
    def __init__(self, declared: Declarations, group: Group, alert: Alert) -> None:
        self.declared, self.group, self.alert = declared, group, alert
        self.case: Case = alert.case
        self.wait = minutes(alert.for_)
        self.keep = minutes(alert.keep)
        self.step = evaluation(self.wait)
        self.lead = max(self.case.lead, self.step)
        # The first minute at which the alert may fire, counted from the first bad sample.

    def __iter__(self) -> Iterator[Test]:
        if self.case.bad:
            yield self.first_moment()
            yield from self.quiet()
            yield self.gap()
            if self.case.flaps and self.wait > 1:
                yield from self.flapping()
        yield from (self.told(extra, self.step) for extra in self.case.extra if not extra.days)

    def days(self) -> Iterator[Test]:
        yield from (self.told(extra, HOURLY, every=HOURLY) for extra in self.case.extra if extra.days)

    def decoys(self, series: str) -> Iterator[tuple[str, float]]:
        """The same series under another value of each label by which the expression chooses."""
        for chosen in sorted(set(_CHOSEN.findall(self.alert.expr))):
            if chosen in series:
                label = chosen.partition("=")[0]
                yield from ((series.replace(chosen, f'{label}="{name}"'), behind) for name, behind in DECOYS.items())

    def expected(self, says: str | None, of_series: Mapping[str, str] | None) -> dict[str, Any]:
        """Labels and annotations in full, the description as the case states it, not as the template makes it."""
        static = labels(self.group, self.alert)
        series = {"job": TARGET["job"], **(self.case.labels if of_series is None else of_series)}
        if "instance" in series:
            series = {"pod": TARGET["pod"], **series}
        said = notes(self.declared, self.group, self.alert) | {"description": says or self.case.says}
        everything = {**series, **static}
        return {"exp_labels": {name: value for name, value in everything.items() if value}, "exp_annotations": said}

    def first_moment(self) -> Test:
        tail = 5 * self.step
        end = self.lead + self.wait + tail
        phases: list[Phase] = [
            (self.lead, self.case.healthy),
            (self.wait + tail, self.case.bad),
            (self.keep + tail, self.case.healthy),
        ]
        before, fires = self.lead + self.wait - self.step, self.lead + self.wait
        at = {before: False, fires: True, end + self.keep - self.step: True, end + self.keep: False}
        return Test(
            self, "fires at the first moment and not one evaluation earlier, resolves as late as it should", phases, at
        )

    def quiet(self) -> Iterator[Test]:
        length = self.lead + self.wait + 5 * self.step
        for levels in self.case.quiet:
            at = dict.fromkeys((self.lead + self.wait, length - self.step), False)
            yield Test(self, f"stays quiet at {words(levels)}", [(length, levels)], at)

    def gap(self) -> Test:
        """The series vanish while the alert fires; before that, two scrapes are missed, which must change nothing."""
        lead, first = self.lead, self.wait
        phases: list[Phase] = [(lead, self.case.healthy)]
        if first > UNSEEN_GAP:
            phases += [(2, self.case.bad), (2, Silence.MISSED), (first - 4 + self.step, self.case.bad)]
        else:
            phases += [(first + self.step, self.case.bad)]
        end = lead + first + self.step + self.keep
        phases.append((self.keep + self.step, Silence.GONE))
        at = {lead + first: True, end - self.step: True, end: False}
        name = "two missed scrapes change nothing, and a gap in the data resolves it only after keep_firing_for"
        return Test(self, name, phases, at)

    def flapping(self) -> Iterator[Test]:
        rounds = self.wait // self.step + 2
        alternating: list[Phase] = [(self.step, self.case.bad), (self.step, self.case.healthy)] * rounds
        start: list[Phase] = [(self.lead, self.case.healthy)]
        length = self.lead + 2 * self.step * rounds
        at = {length - 2 * self.step: False, length - self.step: False}
        yield Test(
            self, "does not fire on values that cross the threshold at every evaluation", start + alternating, at
        )
        if self.keep:
            firing: list[Phase] = [*start, (self.wait + self.step, self.case.bad), *alternating]
            length += self.wait + self.step
            at = {length - 2 * self.step: True, length - self.step: True}
            yield Test(self, "keeps firing on values that cross the threshold at every evaluation", firing, at)

    def told(self, extra: Extra, step: int, every: int = 1) -> Test:
        if uneven := [minute for minute in extra.at if minute % step]:
            raise DeclarationError(f"{self.alert.title}: {extra.name}: minutes {uneven} are no multiples of {step}")
        at = {minute: state == "fires" for minute, state in extra.at.items()}
        phases: list[Phase] = [(one.minutes, Silence.GONE if one.set is None else one.set) for one in extra.steps]
        return Test(self, extra.name, phases, at, extra.says, extra.labels, every)


def evaluation(wait: int) -> int:
    """Minutes between two evaluations: one as in prometheus.yml, more where `for` is long and they only cost time."""
    return next(step for shortest, step in STEPS if wait >= shortest)


def selector(text: str, target: Mapping[str, str] = TARGET) -> str:
    """The series with the labels of the scraped target, unless it states its own; records have no instance."""
    match = _SERIES.fullmatch(text)
    if match is None:
        raise ValueError(f"series {text!r}: expected a metric name with labels in braces")
    own = match[2] or ""
    given = {pair.partition("=")[0] for pair in own.split(",")}
    missing = [name for name in target if name not in given and not (name in OF_TARGET and ":" in match[1])]
    added = ",".join(f'{name}="{target[name]}"' for name in missing)
    inside = ",".join(part for part in (own, added) if part)
    return f"{match[1]}{{{inside}}}"


def words(levels: Levels) -> str:
    return ", ".join(f"{name} {value}" for name, value in levels.items()) or "nothing"
