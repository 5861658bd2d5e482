"""A request that comes again over one connection, and what of it holds until the configuration changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.web.answer import Ask
from exporter.web.gate import Settings
from exporter.web.route import Route
from exporter.web.webfile import Loaded


@dataclass(frozen=True, slots=True)
class Standing:
    """`admit` raises Refusal for one request too many; `sharing`: headers for the site that asks, if any may read."""

    ask: Ask
    route: Route
    settings: Settings
    loaded: Loaded
    admit: Callable[[], None]
    sharing: Mapping[str, str] | None
