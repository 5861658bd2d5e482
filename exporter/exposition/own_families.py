"""Numbers of the process itself: version, reloads, caches, storage, requests, resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.registry import Collector

from exporter.build import Build
from exporter.cache import TierFigures
from exporter.exposition.families import Declared
from exporter.exposition.loop_lag import LoopLag
from exporter.exposition.page import Family, Kind
from exporter.exposition.process import collected
from exporter.service import Reloads
from exporter.storage.database import Storage
from exporter.web.meter import Meter

_TIER: Final = ("tier",)

BUILD = Declared(
    "btchealth_exporter_build_info",
    "Version of the exporter, the commit and branch it was built from, and its Python; always 1.",
    ("version", "revision", "branch", "pythonversion"),
)
RELOAD_SUCCESSFUL = Declared(
    "btchealth_exporter_config_last_reload_successful", "1 if the last reload of the configuration succeeded, else 0."
)
RELOAD_TIME = Declared(
    "btchealth_exporter_config_last_reload_success_timestamp_seconds", "When the configuration was last loaded.",
    unit="seconds",
)  # fmt: skip
WEB_FILE_SUCCESSFUL = Declared(
    "btchealth_exporter_web_config_last_reload_successful",
    "1 if the web configuration file in force is the one on disk, 0 if that cannot be used.",
)
CACHE_REQUESTS = Declared(
    "btchealth_cache_requests_total", "Look-ups of a body young enough to spare a request.", _TIER, Kind.COUNTER
)
CACHE_HITS = Declared("btchealth_cache_hits_total", "Look-ups that found one.", _TIER, Kind.COUNTER)
CACHE_FAILURES = Declared(
    "btchealth_cache_failures_total",
    "Uses of a tier that failed, by reason.",
    ("tier", "reason"),
    Kind.COUNTER,
)
STORAGE_FAILURES = Declared(
    "btchealth_storage_failures_total", "Reads and writes of the SQLite file that failed.", (), Kind.COUNTER
)

DECLARED: Final = (
    BUILD, RELOAD_SUCCESSFUL, RELOAD_TIME, WEB_FILE_SUCCESSFUL, CACHE_REQUESTS, CACHE_HITS, CACHE_FAILURES,
    STORAGE_FAILURES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """Called for the families of this moment. `meter` None leaves out requests, resources and the event loop."""

    build: Build
    reloads: Callable[[], Reloads]
    web_file_in_force: Callable[[], bool]
    tiers: Mapping[str, TierFigures]
    storage: Storage
    collectors: Sequence[Collector]
    meter: Meter | None
    loop_lag: LoopLag

    def __call__(self) -> Iterator[Family]:
        build, reloads = self.build, self.reloads()
        yield BUILD.family([((build.version, build.revision, build.branch, build.pythonversion), 1.0)])
        yield RELOAD_SUCCESSFUL.one(float(reloads.successful))
        yield RELOAD_TIME.one(reloads.success_time)
        yield WEB_FILE_SUCCESSFUL.one(float(self.web_file_in_force()))
        yield CACHE_REQUESTS.family(((name,), float(one.requests)) for name, one in self.tiers.items())
        yield CACHE_HITS.family(((name,), float(one.hits)) for name, one in self.tiers.items())
        failures = ((name, reason, times) for name, one in self.tiers.items() for reason, times in one.failures.items())
        yield CACHE_FAILURES.family(((name, reason), float(times)) for name, reason, times in failures)
        yield STORAGE_FAILURES.one(float(self.storage.failures))
        if self.meter is not None:
            yield from self.meter.families()
            yield self.loop_lag.family()
            yield from collected(self.collectors)
