"""What clients asked for, so that tests can count upstream calls."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, field

_REMEMBERED = 1000


@dataclass(slots=True)
class Request:
    time: float
    source: str
    path: str
    query: str
    headers: dict[str, str]
    status: int | None = None  # not answered, or not yet


@dataclass(slots=True)
class RequestLog:
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    recent: deque[Request] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def add(self, request: Request) -> None:
        self.counts[request.source, request.path] += 1
        self.recent.append(request)

    def clear(self) -> None:
        self.counts.clear()
        self.recent.clear()

    def described(self) -> dict[str, object]:
        by_source: dict[str, dict[str, int]] = {}
        for (source, path), count in sorted(self.counts.items()):
            by_source.setdefault(source, {})[path] = count
        return {
            "total": self.counts.total(),
            "counts": by_source,
            "recent": [asdict(request) for request in self.recent],
        }
