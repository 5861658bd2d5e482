from __future__ import annotations

import math
from itertools import pairwise

import pytest

from simulator.chain import (
    EPOCH,
    FIRST_HEIGHT,
    HASHES_PER_DIFFICULTY,
    Chain,
    compact_bits,
    difficulty_of,
    subsidy,
    supply,
)
from simulator.clock import DAY
from tests.unit.simulator.endpoints import NOW


@pytest.fixture(scope="module")
def chain() -> Chain:
    chain = Chain.of(seed=7)
    chain.height_at(NOW)
    return chain


@pytest.mark.parametrize(
    ("bits", "difficulty"),
    [(386014917, 132757073449487.5), (386097875, 83126997340024.61), (0x1D00FFFF, 1.0)],
)
def test_difficulty_and_compact_bits_are_those_of_real_headers(bits: int, difficulty: float) -> None:
    assert difficulty_of(bits) == pytest.approx(difficulty, rel=1e-15)
    assert compact_bits(difficulty) == bits


@pytest.mark.parametrize(
    ("height", "coins"), [(0, 50.0), (209_999, 50.0), (210_000, 25.0), (840_000, 3.125), (1_050_000, 1.5625)]
)
def test_the_subsidy_halves_every_210000_blocks(height: int, coins: float) -> None:
    assert subsidy(height) == coins * 1e8
    assert supply(height) - supply(height - 1) == subsidy(height)


def test_supply_is_what_the_real_chain_had_at_a_known_height() -> None:
    assert supply(959_849 - 1) == 2_006_202_812_500_000


def test_each_retarget_follows_the_time_that_the_last_epoch_took(chain: Chain) -> None:
    for epoch in (3, 40, 80):
        first = FIRST_HEIGHT + epoch * EPOCH
        headers = [chain.arrival(h) + chain.header_offset(h) for h in (first, first + EPOCH - 1)]
        wanted = chain.difficulty(first) * EPOCH * 600 / (headers[1] - headers[0])
        assert chain.difficulty(first + EPOCH) == pytest.approx(wanted, rel=1e-5)


def test_gaps_between_blocks_are_exponential_with_a_mean_of_about_ten_minutes(chain: Chain) -> None:
    tip = chain.height_at(NOW)
    gaps = [chain.arrival(h) - chain.arrival(h - 1) for h in range(tip - 20_000, tip)]
    mean = sum(gaps) / len(gaps)
    assert 580 < mean < 605
    assert sum(gap > mean for gap in gaps) / len(gaps) == pytest.approx(math.exp(-1), abs=0.01)
    assert sum(gap > 6 * mean for gap in gaps) / len(gaps) == pytest.approx(math.exp(-6), abs=0.0015)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_header_times_run_backwards_now_and_then_but_never_behind_the_median_of_eleven(seed: int) -> None:
    chain = Chain.of(seed)
    tip = chain.height_at(NOW)
    times = [int(chain.arrival(h) + chain.header_offset(h)) for h in range(tip - 12_000, tip + 1)]
    backwards = sum(later < earlier for earlier, later in pairwise(times))
    assert 20 < backwards < 1_200
    assert all(times[i] > sorted(times[i - 11 : i])[5] for i in range(11, len(times)))


def test_work_is_the_hash_rate_times_time(chain: Chain) -> None:
    tip, month_ago = chain.height_at(NOW), chain.height_at(NOW - 30 * DAY)
    seen = (chain.work(tip) - chain.work(month_ago)) * HASHES_PER_DIFFICULTY / (30 * DAY)
    assert seen == pytest.approx(chain.hashrate(NOW - 15 * DAY), rel=0.06)


def test_asking_for_a_later_time_first_changes_nothing() -> None:
    late, early = Chain.of(5), Chain.of(5)
    late.height_at(NOW + 400 * DAY)
    assert late.height_at(NOW) == early.height_at(NOW)
    assert late.arrival(900_000) == early.arrival(900_000)


def test_the_tip_comes_into_being_exactly_when_its_block_arrives(chain: Chain) -> None:
    height = chain.height_at(NOW)
    arrival = chain.arrival(height)
    assert chain.height_at(arrival) == height
    assert chain.height_at(math.nextafter(arrival, 0)) == height - 1
