"""Formulas, each with a value worked out by hand or known from the chain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import quantities

COUNTS = st.lists(st.integers(1, 500).map(float), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("height", "subsidy", "remaining"),
    [
        pytest.param(0, 50.0, 210_000, id="genesis"),
        pytest.param(209_999, 50.0, 1, id="last block before the first halving"),
        pytest.param(210_000, 25.0, 210_000, id="first halving"),
        pytest.param(840_000, 3.125, 210_000, id="fourth halving"),
        pytest.param(210_000 * 10, 0.04882812, 210_000, id="rounded down to a satoshi"),
        pytest.param(210_000 * 33, 0.0, 210_000, id="nothing left"),
    ],
)
def test_subsidy_and_halving_follow_from_the_height(height: int, subsidy: float, remaining: int) -> None:
    assert quantities.subsidy_bitcoins(height) == subsidy
    assert quantities.halving_remaining_blocks(height) == remaining
    assert quantities.halving_height(height) == height + remaining


@pytest.mark.parametrize(
    ("got", "want"),
    [
        pytest.param(quantities.fee_share(1.0, 3.0), 0.25, id="fee share"),
        pytest.param(quantities.fee_share(0.0, 0.0), None, id="fee share of nothing"),
        pytest.param(quantities.hashprice(6.25, 2.0**32 * 1e12), 6.25 * 86400e15 / 2**64 / 1e12, id="hashprice"),
        pytest.param(quantities.hashprice(6.25, 0.0), None, id="hashprice without difficulty"),
        pytest.param(quantities.hashprice_of_day(1e6, 200e18), 5.0, id="hashprice of a day"),
        pytest.param(quantities.revenue_per_day(14.0, 7.0), 288.0, id="revenue of a day from seven blocks"),
        pytest.param(quantities.revenue_per_day(14.0, 0.0), None, id="revenue without blocks"),
        pytest.param(quantities.pace(72.0, 86400.0), 0.5, id="half the blocks of a day"),
        pytest.param(quantities.fee_density(1.44, 144.0), 1.0, id="one satoshi per virtual byte"),
        pytest.param(quantities.backlog_blocks(2.5e6), 2.5, id="two and a half blocks wait"),
        pytest.param(quantities.payment_fee_bitcoins(10.0), 1.41e-5, id="fee of a payment"),
        pytest.param(quantities.payment_fee_usd(10.0, 1e5), 1.41, id="fee of a payment in dollars"),
        pytest.param(quantities.relative_change(80.0, 100.0), -0.2, id="a fall by a fifth"),
        pytest.param(quantities.relative_change(80.0, 0.0), None, id="change from nothing"),
        pytest.param(quantities.both_ends_share(30.0, 100.0), 0.15, id="channels count at both ends"),
    ],
)
def test_simple_formulas(got: float | None, want: float | None) -> None:
    assert got == (None if want is None else pytest.approx(want))


def test_two_ways_to_hashprice_agree() -> None:
    """At the protocol's pace a day has 144 blocks and the hash rate is difficulty x 2^32 / 600."""
    difficulty, reward = 3e13, 6.4
    hashrate = difficulty * 2**32 / 600
    assert quantities.hashprice(reward, difficulty) == pytest.approx(
        quantities.hashprice_of_day(144 * reward, hashrate)
    )


@pytest.mark.parametrize(
    ("counts", "unknown", "herfindahl", "nakamoto", "largest"),
    [
        pytest.param([10.0], 0, 1.0, 1, 1.0, id="one pool"),
        pytest.param([5.0, 5.0], 0, 0.5, 2, 0.5, id="exactly half is no majority"),
        pytest.param([6.0, 4.0], 0, 0.52, 1, 0.6, id="a majority"),
        pytest.param([1.0] * 10, 0, 0.1, 6, 0.1, id="ten equal pools"),
        pytest.param([50.0], 50, 0.255, 2, 0.5, id="unknown blocks are finders of their own"),
        pytest.param([], 4, 0.25, 3, 0.0, id="nothing but unknown blocks"),
        pytest.param([], 0, None, None, None, id="no block at all"),
    ],
)
def test_concentration(
    counts: list[float], unknown: float, herfindahl: float | None, nakamoto: int | None, largest: float | None
) -> None:
    assert quantities.herfindahl(counts, unknown) == (None if herfindahl is None else pytest.approx(herfindahl))
    assert quantities.nakamoto(counts, unknown) == nakamoto
    assert quantities.top_share(counts, 1, unknown) == largest


@given(counts=COUNTS, unknown=st.integers(0, 200))
def test_concentration_stays_in_its_limits(counts: list[float], unknown: int) -> None:
    herfindahl = quantities.herfindahl(counts, unknown)
    nakamoto = quantities.nakamoto(counts, unknown)
    assert herfindahl is not None
    assert 0 < herfindahl <= 1 + 1e-12
    assert nakamoto is not None
    assert 1 <= nakamoto <= len(counts) + unknown


@given(counts=COUNTS)
def test_unknown_blocks_make_the_index_as_small_as_it_can_be(counts: list[float]) -> None:
    one_finder = quantities.herfindahl([*counts, 50.0])
    unknown = quantities.herfindahl(counts, 50.0)
    assert unknown is not None
    assert one_finder is not None
    assert unknown < one_finder


@pytest.mark.parametrize(
    ("counts", "want"),
    [
        pytest.param([5.0, 5.0, 5.0], 1.0, id="evenly spread"),
        pytest.param([9.0, 0.0], 0.0, id="all in one of two"),
        pytest.param([9.0], None, id="one class has no spread"),
        pytest.param([0.0, 0.0], None, id="nothing to spread"),
    ],
)
def test_entropy(counts: list[float], want: float | None) -> None:
    assert quantities.entropy_ratio(counts) == (None if want is None else pytest.approx(want))


@pytest.mark.parametrize(
    ("values", "want"),
    [
        pytest.param([1.0, 2.0, 3.0, 4.0, 5.0], 3.0, id="all days known"),
        pytest.param([1.0, None, 3.0, 4.0, 4.0], 3.0, id="four of five days suffice"),
        pytest.param([1.0, None, None, 4.0, 5.0], None, id="three of five days do not"),
        pytest.param([None, None], None, id="no day known"),
        pytest.param([], None, id="no window"),
    ],
)
def test_a_window_needs_most_of_its_days(values: list[float | None], want: float | None) -> None:
    assert quantities.over_window(values, quantities.mean) == want


def test_median_of_an_even_number_of_values() -> None:
    assert quantities.median([4.0, 1.0, 3.0, 2.0]) == 2.5


@pytest.mark.parametrize(
    ("value", "want"),
    [
        pytest.param(0.0, 0.0, id="below everything"),
        pytest.param(9.0, 1.0, id="above everything"),
        pytest.param(2.0, 0.5, id="equals count half"),
        pytest.param(1.5, 0.25, id="between"),
    ],
)
def test_percentile_rank(value: float, want: float) -> None:
    assert quantities.percentile_rank(value, [2.0, 1.0, 3.0, 2.0]) == want


def test_no_history_has_no_percentile() -> None:
    assert quantities.percentile_rank(1.0, []) is None


def test_the_next_halving_comes_ten_minutes_a_block_from_the_tip() -> None:
    assert quantities.halving_time(1_049_999, 1_000.0) == 1_600.0


def test_a_year_of_new_coins_over_the_coins_there_are() -> None:
    assert quantities.annual_issuance_ratio(840_000, 19_710_000.0) == pytest.approx(1 / 120)
    assert quantities.annual_issuance_ratio(840_000, 0.0) is None


def test_hash_rate_at_which_the_first_difficulty_gives_a_block_in_ten_minutes() -> None:
    assert quantities.hashrate_of_difficulty(1.0) == pytest.approx(7.158e6, rel=1e-4)


def test_security_costs_a_year_of_revenue_over_the_value_of_all_coins() -> None:
    assert quantities.security_budget(10e6, 20e6, 36_500.0) == pytest.approx(0.005)
    assert quantities.security_budget(10e6, 20e6, 0.0) is None


def test_transactions_per_second_follow_from_blocks_and_their_pace() -> None:
    assert quantities.transactions_per_second(288_000.0, 144.0, 144.0) == pytest.approx(288_000 / 86_400)
    assert quantities.transactions_per_second(0.0, 0.0, 144.0) is None


DAYS = dict.fromkeys((day * 86_400.0 for day in range(10)), 1e18)


@pytest.mark.parametrize(
    ("revenues", "hashrates", "want"),
    [
        pytest.param(dict.fromkeys(DAYS, 5e6), DAYS, 5_000.0, id="ten days, all there"),
        pytest.param(dict.fromkeys(list(DAYS)[2:], 5e6), DAYS, 5_000.0, id="eight of ten days are enough"),
        pytest.param(dict.fromkeys(list(DAYS)[3:], 5e6), DAYS, None, id="seven of ten are too few"),
        pytest.param({}, DAYS, None, id="no day in common"),
        pytest.param({**dict.fromkeys(DAYS, 5e6), 20 * 86_400.0: 9e9}, DAYS, 5_000.0, id="a day of one chart only"),
    ],
)
def test_hash_price_of_an_ordinary_day(
    revenues: dict[float, float], hashrates: dict[float, float], want: float | None
) -> None:
    assert quantities.hashprice_median(revenues, hashrates, days=10) == want
