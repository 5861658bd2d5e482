"""A request that comes again over one connection, and what of it holds until the configuration changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from exporter.web.answer import Answer, Ask
from exporter.web.gate import Settings, shared
from exporter.web.route import Route
from exporter.web.webfile import Loaded


@dataclass(slots=True)
class Standing:
    """`admit` raises Refusal for one request too many; `sharing`: headers for the site that asks, if any may read."""

    ask: Ask
    route: Route
    settings: Settings
    loaded: Loaded
    admit: Callable[[], None]
    sharing: Mapping[str, str] | None
    _shared: tuple[Answer, Answer] | None = field(init=False, default=None)

    def shared(self, answer: Answer) -> Answer:
        """The same answer again for the same one."""
        if self._shared is None or self._shared[0] is not answer:
            self._shared = answer, shared(answer, self.sharing)
        return self._shared[1]
