"""What an alert is before it becomes files: thresholds, records and alerts as `prometheus/declarations` state them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

HOME: Final = Path(__file__).resolve().parents[1]
PREFIX: Final = "BtcHealth"

_PLACEHOLDER: Final = re.compile(r"\$\{(\w+)\}")
_DURATION: Final = re.compile(r"(\d+)([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RECORD: Final = re.compile(r"\b\w+:btchealth_\w+:\w+\b")


M = TypeVar("M", bound="Strict")


class DeclarationError(Exception):
    """A mistake in a declaration; the text names file, alert and what was expected."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Threshold(Strict):
    value: float
    unit: str
    why: str = Field(min_length=10)

    @property
    def number(self) -> str:
        """As PromQL writes it."""
        return f"{self.value:.12g}"

    @property
    def words(self) -> str:
        if self.unit == "seconds":
            return duration_words(self.value)
        if self.unit == "ratio":
            return f"{100 * self.value:.6g} %"
        return f"{self.number} {self.unit}"


# A number that stays, "N/min" (it grows by N each minute from where it stood), or null: this series is gone.
Level = float | str | None
Levels = Mapping[str, Level]


class Step(Strict):
    """`minutes` of the given levels; `set` null means that the series are gone."""

    minutes: int = Field(gt=0)
    set: dict[str, Level] | None


class Extra(Strict):
    """A timeline of its own: at each minute of `at` the alert is expected to fire or to be quiet.

    `days`: a long timeline, with a sample and an evaluation an hour; minutes are full hours.
    """

    name: str
    steps: list[Step]
    at: dict[int, Literal["fires", "quiet"]]
    says: str | None = None
    labels: dict[str, str] | None = None
    days: bool = False


class Case(Strict):
    """Inputs of the unit tests. Levels are literal numbers: a test must not read the threshold it checks.

    `quiet` lists further levels at which the alert must not fire, `lead` the minutes of health before the fault.
    `replicas` False: the alert is about each replica by itself.
    """

    series: dict[str, Level]
    healthy: dict[str, Level] = {}
    bad: dict[str, Level] = {}
    quiet: list[dict[str, Level]] = []
    labels: dict[str, str] = {}
    says: str
    lead: int = 5
    flaps: bool = True
    replicas: bool = True
    extra: list[Extra] = []


class Query(Strict):
    text: str
    expr: str


class Alert(Strict):
    name: str = Field(pattern=r"^[A-Z][A-Za-z0-9]+$")
    severity: Literal["critical", "warning", "info", "none"]
    expr: str
    for_: str | None = Field(default=None, alias="for")
    keep: str | None = None
    needs: list[str] | None = None
    # Where it is explained, if not on the dashboard of its group.
    dashboard: str | None = None
    labels: dict[str, str] = {}
    summary: str
    description: str
    false_alarms: str | None = None
    meaning: str
    impact: str
    diagnosis: list[Query]
    mitigation: str
    case: Case

    @property
    def title(self) -> str:
        return PREFIX + self.name

    @property
    def records(self) -> frozenset[str]:
        return frozenset(_RECORD.findall(self.expr + self.description))


class Group(Strict):
    name: str
    title: str
    dashboard: str
    pillar: str | None = None
    needs: list[str] = []
    alerts: list[Alert]

    def dashboard_of(self, alert: Alert) -> str:
        return alert.dashboard or self.dashboard

    def needs_of(self, alert: Alert) -> list[str]:
        return self.needs if alert.needs is None else alert.needs


class Record(Strict):
    record: str
    expr: str
    each: dict[str, list[str]] = {}


class RecordGroup(Strict):
    name: str
    why: str
    records: list[Record]


class Links(Strict):
    runbooks: str
    dashboards: str


class Declarations(Strict):
    thresholds: dict[str, Threshold]
    snippets: dict[str, str]
    links: Links
    groups: list[Group]
    records: list[RecordGroup]

    def number(self, text: str, **more: str) -> str:
        return substitute(text, {name: one.number for name, one in self.thresholds.items()} | more)

    def words(self, text: str) -> str:
        """For people: thresholds with their unit; snippets of text."""
        return substitute(text, {name: one.words for name, one in self.thresholds.items()} | self.snippets)


def substitute(text: str, values: Mapping[str, str]) -> str:
    def found(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise DeclarationError(f"${{{match[1]}}}: not in thresholds.yml, but used in {text.strip()[:60]!r}")
        return values[match[1]]

    return _PLACEHOLDER.sub(found, text)


def seconds(duration: str | None) -> int:
    """Prometheus writes durations as `1h30m`."""
    if duration is None:
        return 0
    parts = _DURATION.findall(duration)
    if not parts or "".join(f"{count}{unit}" for count, unit in parts) != duration:
        raise DeclarationError(f"duration {duration!r}: expected something like 90s, 5m, 1h30m")
    return sum(int(count) * _SECONDS[unit] for count, unit in parts)


def minutes(duration: str | None) -> int:
    return seconds(duration) // 60


def duration_words(value: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if value >= size and value % size == 0:
            return f"{value / size:g} {unit}"
    return f"{value:g} s"


def load(home: Path = HOME) -> Declarations:
    """Read everything; raises DeclarationError naming the file and the key."""
    folder = home / "declarations"
    groups = [parse(path, Group) for path in sorted(folder.glob("alerts_*.yml"))]
    records = [parse(path, RecordGroup) for path in sorted(folder.glob("records_*.yml"))]
    numbers = home / "thresholds.yml"
    thresholds = {name: checked(numbers, Threshold, value, name) for name, value in read(numbers).items()}
    links = parse(folder / "links.yml", Links)
    snippets = read(folder / "snippets.yml")
    return Declarations(thresholds=thresholds, snippets=snippets, links=links, groups=groups, records=records)


def parse(path: Path, model: type[M]) -> M:
    return checked(path, model, read(path))


def read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise DeclarationError(f"{path.name}: {error}") from error


def checked(path: Path, model: type[M], value: Any, *where: str) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        keys = [(".".join(map(str, (*where, *one["loc"]))), one["msg"]) for one in error.errors()]
        raise DeclarationError("\n".join(f"{path.name}: {key}: {message}" for key, message in keys)) from error
