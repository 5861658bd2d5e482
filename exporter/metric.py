"""What a family and a sample are: names, units, bounds, labels."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final

from scoring.reading import series

PREFIX: Final = "btchealth_"

# Names a scrape configuration or Prometheus itself attaches (conventions L4).
RESERVED_LABELS: Final = frozenset({"type", "service", "env", "region", "cluster", "instance", "job", "le", "quantile"})


class Unit(Enum):
    """(suffix of the metric name, how HELP names it). The list is closed."""

    NONE = ("", "count")
    SCORE = ("score", "score 0-100")
    SECONDS = ("seconds", "seconds")
    TIMESTAMP = ("timestamp_seconds", "Unix time in seconds")
    BYTES = ("bytes", "bytes")
    VBYTES = ("vbytes", "virtual bytes")
    VBYTES_PER_SECOND = ("vbytes_per_second", "virtual bytes per second")
    RATIO = ("ratio", "ratio")
    BITCOINS = ("bitcoins", "bitcoins")
    SATOSHIS = ("satoshis", "satoshis")
    SATOSHIS_PER_VBYTE = ("satoshis_per_vbyte", "satoshis per virtual byte")
    USD = ("usd", "US dollars")
    HASHES_PER_SECOND = ("hashes_per_second", "hashes per second")
    USD_PER_PETAHASH_DAY = ("usd_per_petahash_day", "US dollars per day for 1e15 hashes per second")
    BITCOINS_PER_PETAHASH_DAY = ("bitcoins_per_petahash_day", "bitcoins per day for 1e15 hashes per second")
    INFO = ("info", "always 1")

    @property
    def suffix(self) -> str:
        return self.value[0]

    @property
    def text(self) -> str:
        return self.value[1]


class Group(Enum):
    """Where a family belongs in the reference, in the order of features of the product."""

    SECURITY = "security"
    DECENTRALIZATION = "decentralization"
    THROUGHPUT = "throughput"
    ADOPTION = "adoption"
    LIGHTNING = "lightning"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Top:
    """A label whose values come from upstream: the `size` largest, the `kept` ones, the rest summed as `other`.

    A member leaves only when it falls `margin` places below the edge, so that series do not flap.
    """

    size: int
    margin: int = 3
    kept: tuple[str, ...] = ()
    other: str = "other"

    def __len__(self) -> int:
        return self.size + len(self.kept) + 1


@dataclass(frozen=True, slots=True)
class Facts:
    """A label of an `_info` family: free text from upstream, at most `size` values at a time."""

    size: int = 1

    def __len__(self) -> int:
        return self.size


type_label = tuple[str, ...] | Top | Facts


@dataclass(frozen=True, eq=False)
class Metric:
    """A family. `name` with prefix and unit suffix; `bounds` inclusive, in the unit.

    `raw_only` is the reason why no indicator, rule or panel uses it. `foretold`: a time that may lie ahead.
    """

    name: str
    help: str
    unit: Unit = Unit.NONE
    bounds: tuple[float, float] = (0.0, 1e18)
    labels: Mapping[str, type_label] = field(default_factory=dict)
    group: Group = Group.CONTEXT
    raw_only: str | None = None
    foretold: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(rf"{PREFIX}[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"metric {self.name!r}: expected {PREFIX} and snake case")
        if self.unit.suffix and not self.name.endswith(f"_{self.unit.suffix}"):
            raise ValueError(f"metric {self.name!r}: expected the suffix _{self.unit.suffix}")
        if bad := RESERVED_LABELS & self.labels.keys():
            raise ValueError(f"metric {self.name!r}: reserved labels {sorted(bad)}")
        if not self.bounds[0] < self.bounds[1]:
            raise ValueError(f"metric {self.name!r}: expected bounds low < high, got {self.bounds}")

    def __call__(self, value: float | None, data_time: float | None = None, **labels: str) -> Sample | None:
        """A sample, or None where there is no value: parsers yield the result without asking."""
        if value is None:
            return None
        if labels.keys() != self.labels.keys():
            raise ValueError(f"{self.name}: expected labels {sorted(self.labels)}, got {sorted(labels)}")
        return Sample(self, tuple(labels[name] for name in self.labels), float(value), data_time)

    @property
    def max_series(self) -> int:
        budget = 1
        for values in self.labels.values():
            budget *= len(values)
        return budget

    def selectors(self) -> Iterator[str]:
        """Every selector the closed labels allow; a `Top` or `Facts` label makes none."""
        closed = [values for values in self.labels.values() if isinstance(values, tuple)]
        if len(closed) == len(self.labels):
            for combination in itertools.product(*closed):
                yield series(self.name, **dict(zip(self.labels, combination, strict=True)))


@dataclass(frozen=True, slots=True)
class Sample:
    """`data_time` None means: the time of the body it came in."""

    metric: Metric
    labels: tuple[str, ...]
    value: float
    data_time: float | None = None

    @property
    def key(self) -> str:
        return _selector(self.metric, self.labels)


@lru_cache(maxsize=1 << 13)
def _selector(metric: Metric, labels: tuple[str, ...]) -> str:
    """Kept, because every series is asked for its selector each time the page is made."""
    return series(metric.name, **dict(zip(metric.labels, labels, strict=True)))
