"""Years from the sources' own charts, asked for with the live fetch path, against the simulated world."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from exporter.backfill.gather import Gathered, gather, sources, yesterday
from exporter.backfill.table import table
from exporter.cache import Cache
from exporter.cache.memory import MemoryTier
from exporter.clock import Clock
from exporter.collection.collection import Collection, Surroundings
from exporter.collection.poller import Outcome
from exporter.collection.top import fold
from exporter.configuration.config import Config
from exporter.configuration.configfile import load
from exporter.derived import enrich
from exporter.sources.registry import SOURCES
from exporter.storage.database import Storage
from scoring.backtest.history import History, history
from scoring.methodology import METHOD
from simulator.answers.answer import Answer
from simulator.app import SERVER, Server, make_app
from simulator.scenario import Stage as Faults
from simulator.scenario import parse
from simulator.upstream import Simulated
from simulator.view import World

# The charts of the day before are out half an hour after midnight.
NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC).timestamp()
FIRST = date(2025, 1, 1)


@dataclass(slots=True)
class Once:
    """The world at one moment, whose answers are made once for all tests here."""

    world: Simulated
    made: dict[tuple[str, str, str], Answer | None] = field(default_factory=dict)

    def answer(self, source: str, path: str, query: Mapping[str, str], time: float, stage: Faults) -> Answer | None:
        key = (source, path, str(dict(query)))
        if key not in self.made:
            self.made[key] = self.world.answer(source, path, query, time, stage)
        return self.made[key]

    def recordings(self) -> list[dict[str, object]]:
        return self.world.recordings()


@dataclass(slots=True)
class Stage:
    """The world, a clock that only waiting moves, and a storage file that outlives a run."""

    config: Config
    server: Server
    now: float = NOW
    seen: list[tuple[str, Outcome]] = field(default_factory=list)
    stop_after: int | None = None
    interrupt: Callable[[], object] = lambda: None

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self._sleep, lambda _: 0.0)

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def _progress(self, _source: str, endpoint: str, outcome: Outcome) -> None:
        self.seen.append((endpoint, outcome))
        if len(self.seen) == self.stop_after:
            self.interrupt()

    async def run(self) -> Gathered:
        storage = Storage(self.config.storage.path)
        try:
            wanted = sources(FIRST, yesterday(self.now))
            return await gather(wanted, self.config, storage, self.clock, self._progress)
        finally:
            await storage.close()

    async def live(self) -> Mapping[str, float]:
        """What the exporter itself shows at this moment."""
        storage = Storage(self.config.storage.path.with_name("live.sqlite"))
        surroundings = Surroundings(self.clock, storage, Cache([MemoryTier(2**24)]), fold)
        collection = Collection(SOURCES, self.config, surroundings)
        try:
            await collection.poll_once()
            view = enrich(collection.snapshot, collection.snapshot.view(self.now))
        finally:
            await collection.stop()
            await storage.close()
        return {selector: one.sample.value for selector, one in view.items()}

    def asked(self) -> dict[str, int]:
        return {path: times for (_, path), times in self.server.log.counts.items()}

    def known(self, gathered: Gathered) -> History:
        made = table(gathered.answers, yesterday(self.now))
        assert made is not None
        return history(made, METHOD)


@pytest.fixture(scope="module")
def world() -> Once:
    return Once(Simulated(World.of(1, 200)))


@pytest.fixture
async def stage(world: Once, tmp_path: Path) -> AsyncIterator[Stage]:
    app = make_app(world, lambda: NOW)
    server = TestServer(app)
    await server.start_server()
    urls = {source.name: f'["{server.make_url(f"/{source.name}")}"]' for source in SOURCES}
    environ = {f"BTC_HEALTH_SOURCES__{name.upper()}__BASE_URLS": url for name, url in urls.items()}
    config = load(None, {**environ, "BTC_HEALTH_STORAGE__PATH": str(tmp_path / "x.sqlite")}, {})
    yield Stage(config, app[SERVER])
    await server.close()


# Series that live come from the same charts: the newest complete day, and windows that end with it.
THE_SAME = (
    "btchealth_hashrate_hashes_per_second",
    "btchealth_hashrate_maximum_hashes_per_second",
    "btchealth_confirmation_median_seconds",
    "btchealth_daily_transactions_mean",
    "btchealth_daily_transactions_median",
    "btchealth_daily_addresses_mean",
    "btchealth_daily_addresses_median",
    "btchealth_daily_transfer_mean_usd",
    "btchealth_daily_transfer_median_usd",
    "btchealth_fee_mean_median_usd",
    "btchealth_utxos_growth_ratio",
    "btchealth_lightning_capacity_maximum_bitcoins",
    "btchealth_lightning_channels_maximum",
    "btchealth_lightning_nodes_maximum",
)
# Shares of a whole by which the two may differ. Live these are of the newest 144 blocks, of the last 24 hours or of
# this minute, two and a half hours after the UTC day that history tells; medians join charts by day.
ALIKE = {
    "btchealth_hashprice_usd_per_petahash_day": 0.01,
    "btchealth_hashprice_median_usd_per_petahash_day": 0.005,
    "btchealth_miner_revenue_usd": 0.01,
    "btchealth_miner_revenue_median_usd": 0.005,
    "btchealth_difficulty_last_change_ratio": 0.001,
    "btchealth_blocks_found_expected_ratio": 0.06,
    "btchealth_fee_share_ratio": 0.06,
    "btchealth_fee_mean_usd": 0.03,
    "btchealth_fee_density_satoshis_per_vbyte": 0.03,
    "btchealth_mempool_backlog_blocks": 0.05,
    "btchealth_mempool_chart_bytes": 0.1,
    "btchealth_chain_block_mean_bytes": 0.02,
    "btchealth_lightning_capacity_bitcoins": 0.01,
    "btchealth_lightning_channels": 0.01,
    "btchealth_lightning_nodes": 0.01,
    # The newest whole week ended on Monday, a day and a half before; live the week ends now.
    "btchealth_mining_pool_herfindahl_ratio": 0.02,
    "btchealth_mining_pool_top_share_ratio": 0.02,
    "btchealth_mining_pool_nakamoto_pools": 1e-6,
}
# The same in the unit itself, for what may lie around zero.
NEAR = {
    "btchealth_lightning_capacity_change_ratio": 0.001,
    "btchealth_lightning_channels_change_ratio": 0.01,
    "btchealth_mempool_paid_backlog_blocks": 0.5,
}


async def test_history_says_of_yesterday_what_the_live_page_says_the_morning_after(stage: Stage) -> None:
    gathered = await stage.run()
    assert gathered.missing == []
    known, live = stage.known(gathered), await stage.live()
    told = {selector: one.value for selector, one in known.readings(known.table.days - 1).items()}
    apart: dict[str, float] = {}
    for selector in told.keys() & live.keys():
        family, difference = selector.partition("{")[0], abs(told[selector] - live[selector])
        share = difference if family in NEAR else difference / live[selector]
        apart[family] = max(apart.get(family, 0.0), share)
    allowed = {**dict.fromkeys(THE_SAME, 1e-6), **ALIKE, **NEAR}
    assert apart.keys() == allowed.keys(), "every series that both tell is compared"
    assert {family: apart[family] for family in allowed if apart[family] > allowed[family]} == {}
    assert known.lacking['btchealth_stale_blocks_ratio{window="30d"}'] == ()


async def test_what_is_fresh_is_not_asked_for_again(stage: Stage) -> None:
    first = await stage.run()
    asked = stage.asked()
    assert set(asked.values()) == {1} | {len(range(2025, 2027))}
    assert all("btc-health/" in one.headers["User-Agent"] for one in stage.server.log.recent)
    again = await stage.run()
    assert stage.asked() == asked
    assert again.answers == first.answers


async def test_an_interrupted_run_goes_on_where_it_stopped(stage: Stage) -> None:
    """As Ctrl-C does, which cancels what runs."""
    task = asyncio.create_task(stage.run())
    stage.stop_after, stage.interrupt = 6, task.cancel
    with pytest.raises(asyncio.CancelledError):
        await task
    before = stage.asked()
    assert 6 <= sum(before.values()) <= 8
    gathered = await stage.run()
    assert gathered.missing == []
    twice = [path for path, times in stage.asked().items() if times > 1 and "mempool-size" not in path]
    assert len(twice) <= 1, "what was under way when it was interrupted"


async def test_a_source_that_fails_leaves_its_columns_out_and_says_so(stage: Stage) -> None:
    stage.server.stage.start(parse("outage", {"source": "mempool_space", "how": "503"}, NOW))
    gathered = await stage.run()
    names = {column for one in gathered.missing for column in one.fills}
    assert names == {
        "hashrate_eh_s", "height", "ln_capacity_btc", "ln_channels", "ln_nodes", "mempool_vbytes",
        "mempool_paid_vbytes", "blocks by pool",
    }  # fmt: skip
    assert "mempool_space" in str(gathered.missing[0])
    assert "; left out: hashrate_eh_s" in str(gathered.missing[0])
    columns = stage.known(gathered).table.columns
    assert columns["hashrate_eh_s"] == columns["hashrate_chart_eh_s"]
    assert "issuance_btc" not in columns
