"""What the process says about itself: resources by client_python's collectors, version, and where it was built from."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Final

from prometheus_client import Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from exporter.exposition import Family, Kind, Series

DISTRIBUTION: Final = "btc-health"
UNKNOWN: Final = "unknown"
CPU_TIME: Final = "process_cpu_seconds_total"


@dataclass(frozen=True, slots=True)
class Build:
    version: str
    revision: str
    branch: str
    pythonversion: str

    def __str__(self) -> str:
        return (
            f"btc-health {self.version} (revision {self.revision}, branch {self.branch}, Python {self.pythonversion})"
        )

    def family(self) -> Family:
        labels = tuple((name, getattr(self, name)) for name in ("version", "revision", "branch", "pythonversion"))
        text = "Version of the exporter, the commit and branch it was built from, and its Python; always 1."
        return Family("btchealth_exporter_build_info", Kind.GAUGE, text, "", (Series(labels, 1.0),))


def build(package: Path = Path(__file__).parent) -> Build:
    """Revision and branch from `build.json`, which an image build writes into the package, else from the checkout."""
    stamp = package / "build.json"
    if stamp.is_file():
        stated = json.loads(stamp.read_text())
        revision, branch = str(stated["revision"]), str(stated["branch"])
    else:
        revision, branch = _checkout(package.parent / ".git")
    return Build(version(DISTRIBUTION), revision, branch, platform.python_version())


def _checkout(git: Path) -> tuple[str, str]:
    """Read rather than asked of the git command, which a server need not have."""
    if not (git / "HEAD").is_file():
        return UNKNOWN, UNKNOWN
    head = (git / "HEAD").read_text().strip()
    reference = head.removeprefix("ref: ")
    if reference == head:
        return head, UNKNOWN
    branch = reference.removeprefix("refs/heads/")
    if (git / reference).is_file():
        return (git / reference).read_text().strip(), branch
    packed = (git / "packed-refs").read_text().splitlines() if (git / "packed-refs").is_file() else []
    return next((line.split()[0] for line in packed if line.endswith(f" {reference}")), UNKNOWN), branch


def process_collectors() -> tuple[Collector, ...]:
    return ProcessCollector(registry=None), PlatformCollector(registry=None)


def collected(collectors: Iterable[Collector]) -> Iterator[Family]:
    for collector in collectors:
        for metric in collector.collect():
            yield from _families(metric)


def _families(metric: Metric) -> Iterator[Family]:
    """client_python names a counter without `_total` and adds creation times, which we leave out."""
    counter = metric.type == "counter"
    name = f"{metric.name}_total" if counter else metric.name
    series = tuple(Series(tuple(one.labels.items()), one.value) for one in metric.samples if one.name == name)
    if name == CPU_TIME:
        # The collector reads /proc in ticks of 10 ms, too coarse to show that a quiet process is alive.
        series = (Series((), process_time()),)
    yield Family(name, Kind.COUNTER if counter else Kind.GAUGE, metric.documentation, metric.unit, series)
