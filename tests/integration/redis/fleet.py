"""Exporters as processes that share one Redis and poll a few endpoints of the simulator often."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exporter.sources.mempool_space import SOURCE
from tests.blackbox.machine_room import SOURCES, Page, Program, Room, get
from tests.integration.redis.server import RedisServer
from tests.machine import tool

POLLED: Final = ("tip_height", "mempool", "fees_recommended")
INTERVAL: Final = 3.0


@dataclass
class Fleet:
    folder: Path
    size: int = 3
    rooms: list[Room] = field(default_factory=list)
    exporters: list[Program] = field(default_factory=list)
    simulator: Program = field(init=False)
    redis: RedisServer = field(init=False)

    def start(self) -> None:
        self.redis = RedisServer(tool("redis-server"), self.folder)
        self.redis.start()
        self.simulator = self._room("simulator").simulator()
        for number in range(self.size):
            self.exporters.append(self._room(f"replica-{number}").exporter({}, config=self._config()))

    def close(self) -> None:
        for room in self.rooms:
            room.close()
        self.redis.stop()

    def calls(self) -> dict[str, int]:
        """Requests that the simulator has seen, by path."""
        counts: dict[str, dict[str, int]] = json.loads(get(f"{self.simulator.url}/requests")[1])["counts"]
        return counts.get(SOURCE.name, {})

    def pages(self) -> list[Page]:
        return [one.scrape() for one in self.exporters if one.process.poll() is None]

    def holder(self, endpoint: str) -> int | None:
        """Process whose turn it is to ask for `endpoint`."""
        value = self.redis.run("GET", f"btchealth:1:{{{SOURCE.name}}}:lease:{endpoint}")
        words = value.decode().split() if value else []
        return int(words[1]) if len(words) == 3 else None

    def kill(self, process: int) -> None:
        victim = next(one.process for one in self.exporters if one.process.pid == process)
        victim.kill()
        victim.wait()

    def _room(self, name: str) -> Room:
        place = self.folder / name
        place.mkdir()
        self.rooms.append(Room(place))
        return self.rooms[-1]

    def _config(self) -> dict[str, object]:
        sources: dict[str, object] = {source: {"enabled": False} for source in SOURCES}
        interval = f"{INTERVAL:.0f}s"
        endpoints = {one.name: {"enabled": one.name in POLLED, "interval": interval} for one in SOURCE.endpoints}
        sources[SOURCE.name] = {"base_urls": [f"{self.simulator.url}/{SOURCE.name}"], "endpoints": endpoints}
        return {"sources": sources, "cache": {"redis_url": self.redis.url}}


def total(pages: list[Page], pattern: str) -> float:
    """Sum over the series whose name and labels match."""
    return sum(float(line.rsplit(" ", 1)[1]) for page in pages for line in page.lines(pattern))
