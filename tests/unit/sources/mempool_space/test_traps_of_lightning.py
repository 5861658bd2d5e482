"""One test for each trap of Lightning."""

from __future__ import annotations

import pytest

from exporter.errors import Reason
from exporter.spec import DAY
from tests.unit.sources.mempool_space import lightning_examples as lightning
from tests.unit.sources.mempool_space.reading import endpoint, read, refusal, samples


def test_lightning_rows_weeks_old_come_with_status_200_and_are_too_old() -> None:
    twenty_days_later = lightning.MIDNIGHT + 20 * DAY
    data_time = read("lightning_latest", {"latest": lightning.LATEST}).data_time
    assert data_time is not None
    assert data_time + endpoint("lightning_latest").max_age < twenty_days_later


def test_yesterdays_lightning_row_is_not_too_old() -> None:
    assert endpoint("lightning_latest").max_age > 2 * DAY
    assert endpoint("lightning_latest").max_age < 3 * DAY


def test_the_stamp_of_a_lightning_row_is_the_midnight_that_begins_the_day() -> None:
    # The row of a day is written anew while the day lasts; its end would lie in the future.
    assert read("lightning_latest", {"latest": lightning.LATEST}).data_time == lightning.MIDNIGHT


def test_previous_is_seven_days_before_today_and_not_before_latest() -> None:
    stale = {**lightning.LATEST, "added": "2025-12-12T00:00:00.000Z"}
    found = samples("lightning_latest", {"latest": stale, "previous": lightning.PREVIOUS})
    assert not [key for key in found if "change" in key]


def test_previous_may_be_missing() -> None:
    parsed = read("lightning_latest", {"latest": lightning.LATEST})
    assert parsed.rejected == {}


def test_classes_of_nodes_add_up() -> None:
    body = {"latest": {**lightning.LATEST, "node_count": 16_001}}
    assert refusal("lightning_latest", body) is Reason.INCONSISTENT


def test_the_history_has_epoch_seconds_and_no_sum_of_nodes() -> None:
    assert read("lightning_history", lightning.HISTORY).data_time == lightning.MIDNIGHT
    assert samples("lightning_history", lightning.HISTORY)['lightning_nodes_maximum{window="365d"}'] == 16_000


def test_one_partial_crawl_makes_no_change() -> None:
    rows = [lightning.row(0, channels=10_000), *lightning.HISTORY[1:]]
    assert samples("lightning_history", rows)['lightning_channels_change_ratio{window="30d"}'] == pytest.approx(-0.2)


def test_channels_count_at_both_ends_so_a_provider_may_seem_to_hold_more_than_all() -> None:
    body = {**lightning.ISPS, "ispRanking": [["1", "Everyone", 800_000_000_000, 1, 1]]}
    assert samples("lightning_isps", body)['lightning_provider_share_ratio{top="1"}'] == 1


def test_one_provider_has_several_as_numbers_in_one_string_and_rows_are_not_sorted() -> None:
    assert lightning.ISPS["ispRanking"][1][0] == "14618,16509"  # type: ignore[index]  # a literal above
    assert samples("lightning_isps", lightning.ISPS)['lightning_provider_share_ratio{top="1"}'] == 0.25


def test_country_capacity_is_a_string_or_null_and_not_needed() -> None:
    rows = [{**row, "capacity": None} for row in lightning.COUNTRIES]
    assert read("lightning_countries", rows).rejected == {}


def test_a_cut_list_of_countries_keeps_shares_and_withholds_totals() -> None:
    found = samples("lightning_countries", lightning.COUNTRIES[:2])
    assert found == {'lightning_country_share_ratio{top="1"}': 0.5}


def test_rankings_end_at_a_hundred_and_shorter_lists_make_no_top_hundred() -> None:
    found = samples("lightning_liquidity", lightning.NODES[:99])
    assert 'lightning_top_nodes_capacity_bitcoins{top="10"}' in found
    assert 'lightning_top_nodes_capacity_bitcoins{top="100"}' not in found


def test_one_node_with_a_clock_in_the_future_does_not_make_the_ranking_new() -> None:
    rows = [{**lightning.NODES[0], "updatedAt": lightning.MIDNIGHT + 400 * DAY}, *lightning.NODES[1:]]
    data_time = read("lightning_liquidity", rows).data_time
    assert data_time is not None
    assert data_time <= lightning.MIDNIGHT


def test_names_of_nodes_never_become_labels() -> None:
    for name in ("lightning_rankings", "lightning_liquidity", "lightning_connectivity", "lightning_isps"):
        for metric in endpoint(name).origins:
            assert metric.labels.keys() <= {"top"}


def test_subdivision_is_a_document_inside_a_string() -> None:
    row = {"publicKey": "02", "alias": "", "channels": 5, "subdivision": '{"en": "Bangkok"}'}
    assert read("lightning_rankings", {"topByCapacity": [], "topByChannels": [row]}).rejected == {}
