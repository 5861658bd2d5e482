"""When an alert fires, from when its expression held: the state machine of Prometheus over evaluated moments; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alarm:
    """First and last moment of one uninterrupted firing, in Unix seconds."""

    start: int
    end: int


def alarms(times: Sequence[int], held: Collection[int], wait: int, keep: int) -> Iterator[Alarm]:
    """`held`: the moments at which the condition held. `wait` and `keep`: `for` and `keep_firing_for` in seconds."""
    since: int | None = None
    start: int | None = None
    lost: int | None = None
    last = 0
    for now in times:
        if now in held:
            since, lost = now if since is None else since, None
            if start is None and now - since >= wait:
                start = now
        else:
            since = None if start is None else since
            lost = now if lost is None else lost
            if start is not None and now - lost >= keep:
                yield Alarm(start, last)
                since = start = None
        last = now
    if start is not None:
        yield Alarm(start, last)
