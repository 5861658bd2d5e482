"""What an indicator measures, as PromQL over the same series as its score."""

from __future__ import annotations

import promql_parser as promql
import pytest

from grafana.generator import queries
from scoring.indicator import Largest, Level, Quantity, Ratio
from scoring.reading import series

CAPACITY = "btchealth_lightning_capacity_bitcoins"
HIGHEST = series("btchealth_lightning_capacity_maximum_bitcoins", window="365d")
CORE = series("btchealth_nodes_client_family_share_ratio", family="core")
KNOTS = series("btchealth_nodes_client_family_share_ratio", family="knots")

NOW = f'max by (job) ({CAPACITY}{{job=~"$job",instance=~"$instance"}})'


@pytest.mark.parametrize(
    ("quantity", "want"),
    [
        (Level(CAPACITY), NOW),
        (Ratio(CAPACITY, HIGHEST), f"{NOW} / {queries.value(HIGHEST)}"),
        (Ratio(CAPACITY, HIGHEST, 2.0), f"{NOW} * 2 / {queries.value(HIGHEST)}"),
        (
            Largest((CORE, KNOTS)),
            f"({queries.value(CORE)} >= {queries.value(KNOTS)} or {queries.value(KNOTS)} and {queries.value(CORE)})",
        ),
    ],
    ids=["level", "ratio", "ratio of two units", "largest of several"],
)
def test_a_quantity_is_asked_as_it_is_scored(quantity: Quantity, want: str) -> None:
    assert queries.quantity(quantity) == want
    promql.parse(want)


def test_labels_of_the_family_are_kept_but_not_those_of_a_target() -> None:
    assert queries.value("btchealth_endpoint_up").startswith("max by (job, source, endpoint) (")
    assert queries.value("btchealth_endpoint_up", pick="min").startswith("min by (job, source, endpoint) (")


def test_labels_that_a_selector_fixes_are_dropped_so_that_two_series_can_be_divided() -> None:
    assert queries.value(HIGHEST).startswith("max by (job) (")


def test_data_that_come_once_a_day_are_looked_for_over_a_range() -> None:
    assert queries.value(CAPACITY, "1d") == (
        f'max by (job) (last_over_time({CAPACITY}{{job=~"$job",instance=~"$instance"}}[1d]))'
    )


def test_a_family_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(LookupError, match="btchealth_no_such_family"):
        queries.value("btchealth_no_such_family")


def test_text_that_is_no_selector_is_refused() -> None:
    with pytest.raises(ValueError, match="expected name"):
        queries.value("rate(x[5m])")
