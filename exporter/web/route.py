"""What there is behind a path: a name to count under, handlers, and which rules hold for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from exporter.web.answer import Ask, Handler

NOT_FOUND: Final = "not_found"


@dataclass(frozen=True, slots=True)
class Route:
    """`name` is the label `handler`; `codes` are ordinary answers; `limited`: counts among the requests at one time.

    `guarded`: not for foreign Host headers, and not too often for one client. `shared`: other sites may read it.
    `at_once`: no handler waits for anything. `ready`: one that does not, where there is one for what is asked.
    """

    name: str
    handlers: Mapping[str, Handler]
    codes: tuple[int, ...] = (200,)
    limited: bool = True
    guarded: bool = True
    shared: bool = False
    at_once: bool = False
    ready: Callable[[Ask], Handler | None] = lambda _: None

    def without_waiting(self, ask: Ask) -> Handler | None:
        """What answers a GET if nothing has to be waited for."""
        return self.handlers["GET"] if self.at_once else self.ready(ask)

    @property
    def allow(self) -> str:
        return ", ".join(self.handlers)


def page(name: str, handler: Handler, *, codes: tuple[int, ...] = (200,)) -> Route:
    return Route(name, {"GET": handler, "HEAD": handler}, codes)


def probe(name: str, handler: Handler, *, codes: tuple[int, ...] = (200,)) -> Route:
    """For machines that call by address and must get an answer at any load."""
    return Route(name, {"GET": handler, "HEAD": handler}, codes, limited=False, guarded=False, at_once=True)


def data(name: str, handler: Handler, *, codes: tuple[int, ...] = (200,), at_once: bool = False) -> Route:
    return Route(name, {"GET": handler, "HEAD": handler}, codes, shared=True, at_once=at_once)


def expected_counts(routes: Iterable[Route]) -> Iterator[tuple[str, str, int]]:
    for route in routes:
        for method in route.handlers:
            for code in route.codes:
                yield route.name, method, code
    yield NOT_FOUND, "GET", 404
