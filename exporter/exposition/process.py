"""What the process uses, by client_python's collectors: time, memory, files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import process_time
from typing import Final

from prometheus_client import Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from exporter.exposition.page import Family, Kind, Series

CPU_TIME: Final = "process_cpu_seconds_total"


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
