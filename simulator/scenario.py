"""Incidents and faults: which exist, which run, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from math import inf

from simulator.chain import Chain
from simulator.incidents import (
    REORG_DEPTH,
    Effects,
    Reorg,
    Stretch,
    collapse,
    fees_onset,
    lightning_onset,
    majority_onset,
)

SOURCES = ("mempool_space", "coingecko", "blockchain_com", "bitnodes", "forkmonitor", "fork_observer")
ALL_SOURCES = "all"
DEFAULT_SOURCE = "mempool_space"

INCIDENTS = {
    "hashrate-collapse": "half of the hash rate leaves: blocks take twice as long, as if for two weeks already",
    "pool-majority": "the largest pool finds more than 51 % of the blocks of every recent window",
    "fee-spike": "fee rates and the fees of the last day rise 45-fold",
    "mempool-flood": "the mempool grows nine-fold and its purging floor rises to 3 sat/vB",
    "reorg": "the newest three blocks are replaced; their losers stand as a stale branch with every observer",
    "lightning-exodus": "45 % of the Lightning capacity is gone, with channels and nodes, since two days ago",
}
FAULTS = {
    "outage": "connections are closed without an answer (how=close), or answered with how=502 or how=503",
    "slow": "answers come after seconds=30",
    "rate-limited": "HTTP 429 in the API's own form, with Retry-After of retry_after=60 (0 leaves the header out)",
    "frozen": "bodies and the times in them stand still while the Date header moves on",
    "garbage": "HTTP 200 with form=html, form=truncated or form=types; without form each path has its own",
    "schema-drift": "one field renamed, one added, one null",
}
SCENARIOS: Mapping[str, str] = INCIDENTS | FAULTS

# Parameters of each fault and what they may be; None: a number of seconds.
_OPTIONS: Mapping[str, Mapping[str, tuple[str, ...] | None]] = {
    "outage": {"how": ("close", "502", "503")},
    "slow": {"seconds": None},
    "rate-limited": {"retry_after": None},
    "garbage": {"form": ("html", "truncated", "types")},
}


class ScenarioError(ValueError):
    """A scenario or one of its parameters that does not exist; the message says what does."""


@dataclass(frozen=True, slots=True)
class Running:
    name: str
    source: str | None  # None for incidents of the network; "all" for every source
    path: str  # pattern of the paths a fault touches, "*" for all
    start: float
    end: float
    options: Mapping[str, str]

    def active(self, now: float) -> bool:
        return self.start <= now < self.end

    def touches(self, source: str, path: str) -> bool:
        return self.source in (source, ALL_SOURCES) and fnmatchcase(path, self.path)

    def same_place(self, other: Running) -> bool:
        return (self.name, self.source, self.path) == (other.name, other.source, other.path)

    def described(self, now: float) -> dict[str, object]:
        return {
            "name": self.name,
            "source": self.source,
            "path": self.path,
            "start": self.start,
            "end": None if self.end == inf else self.end,
            "active": self.active(now),
            "options": dict(self.options),
        }


def parse(name: str, query: Mapping[str, str], now: float) -> Running:
    """The scenario that `name` (also "fault:source") and the parameters describe."""
    name, _, source = name.partition(":")
    if name not in SCENARIOS:
        raise ScenarioError(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    query = dict(query)
    start = now + _seconds(query, "after", 0.0)
    end = start + _seconds(query, "for", inf)
    source, path = source or query.pop("source", ""), query.pop("path", "*")
    if name in INCIDENTS and (source or path != "*"):
        raise ScenarioError(f"{name} is an incident of the network and takes neither source nor path")
    if name in FAULTS and (source or DEFAULT_SOURCE) not in (*SOURCES, ALL_SOURCES):
        raise ScenarioError(f"source {source!r} is not known; there are {', '.join(SOURCES)}, {ALL_SOURCES}")
    _check_options(name, query)
    where = (source or DEFAULT_SOURCE) if name in FAULTS else None
    return Running(name, where, path, start, end, query)


def _seconds(query: dict[str, str], name: str, default: float) -> float:
    text = query.pop(name, None)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < inf:
        raise ScenarioError(f"{name}={text!r} is not a number of seconds")
    return value


def _check_options(name: str, query: Mapping[str, str]) -> None:
    allowed = _OPTIONS.get(name, {})
    for option, text in query.items():
        if option not in allowed:
            raise ScenarioError(
                f"{name} has no parameter {option!r}; there are {', '.join((*allowed, 'after', 'for'))}"
            )
        choices = allowed[option]
        if choices is not None and text not in choices:
            raise ScenarioError(f"{option}={text!r} is none of {', '.join(choices)}")
        if choices is None:
            _seconds({option: text}, option, 0.0)


@dataclass(slots=True)
class Stage:
    """The scenarios of one server. Ended reorgs are kept: the blocks they replaced stay replaced."""

    _log: list[Running] = field(default_factory=list)

    def start(self, running: Running) -> None:
        self._log = [other for other in self._log if other.name == "reorg" or not other.same_place(running)]
        self._log.append(running)

    def end(self, now: float, name: str | None = None, place: Running | None = None) -> None:
        """All scenarios, those of a name, or the one that runs at the same place as `place`."""

        def ends(running: Running) -> bool:
            return name in (None, running.name) if place is None else running.same_place(place)

        ended = [self._ended(running, now) if ends(running) else running for running in self._log]
        self._log = [running for running in ended if running.end > now or self._left_a_mark(running, now)]

    def listed(self, now: float) -> list[Running]:
        """Running now or later."""
        return [running for running in self._log if running.end > now]

    def faults(self, source: str, path: str, now: float) -> dict[str, Running]:
        return {running.name: running for running in self._log if running.active(now) and running.touches(source, path)}

    def effects(self, now: float, chain: Chain) -> Effects:
        starts = {running.name: running.start for running in self._log if running.active(now)}
        return Effects(
            stretch=self._stretch(now),
            spike_onset=fees_onset(starts.get("fee-spike", inf)),
            flood_onset=fees_onset(starts.get("mempool-flood", inf)),
            majority_onset=majority_onset(starts["pool-majority"]) if "pool-majority" in starts else None,
            lightning_onset=lightning_onset(starts.get("lightning-exodus", inf)),
            reorgs=tuple(self._reorgs(now, chain)),
        )

    def _stretch(self, now: float) -> Stretch:
        starts = [running.start for running in self._log if running.name == "hashrate-collapse" and running.active(now)]
        return collapse(starts[-1]) if starts else Stretch()

    def _reorgs(self, now: float, chain: Chain) -> Iterator[Reorg]:
        for running in self._log:
            if running.name == "reorg" and running.start <= now:
                tip = chain.height_at(self._stretch(running.start).chain_time(running.start))
                yield Reorg(tip - REORG_DEPTH + 1, tip, running.start, running.active(now))

    def _ended(self, running: Running, now: float) -> Running:
        return replace(running, end=min(running.end, now))

    def _left_a_mark(self, running: Running, now: float) -> bool:
        return running.name == "reorg" and running.start <= now
