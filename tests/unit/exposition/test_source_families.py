from dataclasses import replace

import pytest

from exporter.collection.statistics import EndpointFigures, SourceFigures
from exporter.errors import Reason
from exporter.exposition import source_families
from exporter.exposition.source_families import SourceFamilies

ENDPOINT = EndpointFigures(
    name="tip", up=True, interval=60.0, max_age=240.0, fetches=3, failures=dict.fromkeys(Reason, 0) | {Reason.TLS: 2},
    rejected={"body": 0, "height": 1}, unknown_fields=4, duration=0.25, last_success=100.0, data_time=90.0,
    changed_at=95.0, next_poll=160.0, base_urls_active=(False, True), host="host", last_error=None,
)  # fmt: skip
QUIET = replace(
    ENDPOINT, name="quiet", up=False, duration=None, last_success=None, data_time=None, changed_at=None, next_poll=None
)
SOURCE = SourceFigures(
    name="bitnodes", up=True, tried=True, data_quality=0.75, clock_skew=None, breaker_open=False, remaining=9,
    refusals={}, endpoints=(ENDPOINT, QUIET),
)  # fmt: skip


def lines(figures: SourceFigures, families: SourceFamilies | None = None) -> dict[str, float]:
    """Values by family and label values, without the source."""
    return {
        " ".join((family.name.removeprefix("btchealth_"), *(text for name, text in one.labels if name != "source"))):
            one.value
        for family in (families or SourceFamilies())([figures])
        for one in family.series
    }  # fmt: skip


def test_every_declared_family_is_made_in_order() -> None:
    made = [family.name for family in SourceFamilies()([SOURCE])]
    assert made == [declared.name for declared in source_families.SOURCES]


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("source_up", 1), ("source_data_quality_ratio", 0.75), ("breaker_open", 0),
        ("rate_limit_remaining_requests", 9), ("endpoint_up tip", 1), ("endpoint_up quiet", 0),
        ("endpoint_last_success_timestamp_seconds tip", 100), ("endpoint_data_timestamp_seconds tip", 90),
        ("endpoint_last_change_timestamp_seconds tip", 95), ("endpoint_max_age_seconds tip", 240),
        ("next_poll_timestamp_seconds tip", 160), ("base_url_active tip 0", 0), ("base_url_active tip 1", 1),
        ("fetches_total tip", 3), ("fetch_failures_total tip tls", 2), ("fetch_failures_total tip bug", 0),
        ("fetch_duration_seconds tip", 0.25), ("rejected_values_total tip height", 1),
        ("rejected_values_total tip body", 0), ("unknown_fields_total tip", 4),
    ],
)  # fmt: skip
def test_a_figure_is_on_the_page(selector: str, value: float) -> None:
    assert lines(SOURCE)[selector] == value


def test_what_is_not_known_has_no_series() -> None:
    shown = lines(SOURCE)
    assert "clock_skew_seconds" not in shown
    assert "endpoint_data_timestamp_seconds quiet" not in shown
    assert lines(replace(SOURCE, clock_skew=-1.5))["clock_skew_seconds"] == -1.5


def test_counters_of_every_reason_are_there_from_the_first_scrape() -> None:
    shown = lines(SOURCE)
    assert {f"fetch_failures_total quiet {reason}" for reason in Reason} <= shown.keys()


def test_only_endpoints_that_changed_are_made_again() -> None:
    families = SourceFamilies()
    first = {series for family in families([SOURCE]) for series in map(id, family.series)}
    moved = replace(SOURCE, endpoints=(replace(ENDPOINT, fetches=4), QUIET))
    kept = next(family for family in families([moved]) if family.name == "btchealth_fetch_failures_total")
    assert {id(series) for series in kept.series if ("endpoint", "quiet") in series.labels} <= first
    assert lines(moved, families)["fetches_total tip"] == 4


def test_every_series_carries_its_source_for_collect() -> None:
    assert {series.source for family in SourceFamilies()([SOURCE]) for series in family.series} == {"bitnodes"}
