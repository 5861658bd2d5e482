from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collection.top import Members, fold
from exporter.spec import Facts, Metric, Sample, Top

BLOCKS = Metric(
    "btchealth_made_up_blocks",
    "Blocks by pool.",
    labels={"pool": Top(3, margin=2, kept=("unknown",)), "window": ("24h", "7d")},
)
PLAIN = Metric("btchealth_made_up_nodes", "Nodes.", labels={"network": ("ipv4", "onion")})
INFO = Metric(
    "btchealth_made_up_info", "Names.", bounds=(0, 1), labels={"host": Facts(2), "kind": ("a",), "name": Facts()}
)


def blocks(pools: Mapping[str, float], window: str = "24h", data_time: float | None = None) -> list[Sample]:
    return [Sample(BLOCKS, (pool, window), value, data_time) for pool, value in pools.items()]


def shown(samples: list[Sample], members: Members | None = None) -> dict[str, float]:
    folded, _ = fold(samples, members or {})
    return {sample.labels[0]: sample.value for sample in folded}


def members_of(*pools: str) -> Members:
    return {"btchealth_made_up_blocks 24h": pools}


def test_the_largest_are_shown_and_the_rest_is_summed() -> None:
    assert shown(blocks({"a": 9, "b": 8, "c": 7, "d": 2, "e": 1})) == {"a": 9, "b": 8, "c": 7, "other": 3}


def test_few_enough_are_shown_without_a_rest() -> None:
    assert shown(blocks({"a": 9, "b": 8})) == {"a": 9, "b": 8}


def test_kept_labels_are_shown_whatever_their_size() -> None:
    assert shown(blocks({"a": 9, "b": 8, "c": 7, "d": 2, "unknown": 1})) == {
        "a": 9,
        "b": 8,
        "c": 7,
        "other": 2,
        "unknown": 1,
    }


def test_a_rest_that_upstream_names_other_is_part_of_ours() -> None:
    assert shown(blocks({"a": 9, "b": 8, "c": 7, "d": 2, "other": 50})) == {"a": 9, "b": 8, "c": 7, "other": 52}


@pytest.mark.parametrize(
    ("pools", "want"),
    [
        pytest.param({"a": 9, "b": 8, "d": 7, "c": 6}, {"a", "b", "c"}, id="one place below the edge stays"),
        pytest.param(
            {"a": 9, "d": 8, "b": 7, "c": 6}, {"a", "d", "b"}, id="an outsider two places above takes its place"
        ),
        pytest.param({"a": 9, "b": 8, "d": 7, "e": 6, "c": 5}, {"a", "b", "d"}, id="two places below the edge leaves"),
        pytest.param({"a": 9, "b": 8, "d": 7}, {"a", "b", "d"}, id="a place that is free is filled"),
        pytest.param({"d": 9, "e": 8, "f": 7}, {"d", "e", "f"}, id="nobody is left of those shown"),
    ],
)
def test_hysteresis_at_the_edge(pools: dict[str, float], want: set[str]) -> None:
    assert set(shown(blocks(pools), members_of("a", "b", "c"))) - {"other"} == want


def test_ties_are_broken_by_name_so_that_two_scrapes_agree() -> None:
    assert (
        shown(blocks({"d": 1, "c": 1, "b": 1, "a": 1}))
        == shown(blocks({"a": 1, "b": 1, "c": 1, "d": 1}))
        == {"a": 1, "b": 1, "c": 1, "other": 1}
    )


def test_windows_have_members_of_their_own() -> None:
    folded, members = fold(blocks({"a": 9}, window="24h") + blocks({"b": 9}, window="7d"), {})
    assert len(folded) == 2
    assert members == {"btchealth_made_up_blocks 24h": ["a"], "btchealth_made_up_blocks 7d": ["b"]}


def test_the_rest_is_as_old_as_its_oldest_part() -> None:
    samples = blocks({"a": 9, "b": 8, "c": 7}) + blocks({"d": 2}, data_time=20.0) + blocks({"e": 1}, data_time=10.0)
    folded, _ = fold(samples, {})
    assert [sample.data_time for sample in folded if sample.labels[0] == "other"] == [10.0]


def test_closed_labels_pass() -> None:
    samples = [Sample(PLAIN, ("ipv4",), 5.0), Sample(PLAIN, ("onion",), 6.0)]
    assert fold(samples, {}) == (tuple(samples), {})


def test_facts_are_cut_at_their_number() -> None:
    samples = [Sample(INFO, (host, "a", "n"), 1.0) for host in ("c", "a", "b")]
    assert [sample.labels[0] for sample in fold(samples, {})[0]] == ["a", "b"]


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), st.integers(0, 50), max_size=40), st.integers(0, 3)
)
def test_folding_keeps_the_sum_and_the_series_budget(pools: dict[str, int], rounds: int) -> None:
    members: Members = {}
    for turn in range(rounds + 1):
        turned = {pool: float((value + turn * 7) % 50) for pool, value in pools.items()}
        folded, members = fold(blocks(turned), members)
        assert sum(sample.value for sample in folded) == sum(turned.values())
        assert len(folded) <= BLOCKS.max_series / 2


def test_five_hundred_made_up_pools_stay_within_the_budget() -> None:
    folded, _ = fold(blocks({f"pool{number}": float(number) for number in range(500)}), {})
    assert len(folded) == 4
