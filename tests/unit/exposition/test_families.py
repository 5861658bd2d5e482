from collections.abc import Mapping
from dataclasses import replace

import pytest

from exporter.exposition import families
from exporter.exposition.domain_families import DomainFamilies
from exporter.exposition.families import SCORES, Declared
from exporter.exposition.inventory import PRODUCT, sample_names
from exporter.exposition.page import Family, Kind, Series
from exporter.snapshot import Accepted, Observation, Snapshot
from exporter.sources import registry
from exporter.spec import PREFIX, RESERVED_LABELS, Metric, Sample, Unit
from scoring.memory import Memory
from scoring.method import Method
from scoring.methodology import METHOD
from scoring.reading import Reading
from scoring.score import score
from scoring.scorecard import Scorecard

NOW = 1_790_000_000.0
HEIGHT = Metric("btchealth_height", "Height.", labels={"source": ("a", "b")})
STAMP = Metric("btchealth_block_timestamp_seconds", "Time.", Unit.TIMESTAMP)
FACT = Metric("btchealth_host_info", "Host.", Unit.INFO)
HELP = {metric: f"{metric.help} Source: somewhere." for metric in (HEIGHT, STAMP, FACT)}


def observed(metric: Metric, value: float, *labels: str, provenance: str = "mempool_space/tip@host") -> Observation:
    return Observation(Sample(metric, labels, value), NOW, NOW, NOW + 60, provenance)


def viewed(*observations: Observation) -> dict[str, Observation]:
    return {one.sample.key: one for one in observations}


def known(*observations: Observation) -> Snapshot:
    source = registry.source("mempool_space")
    accepted = Accepted(source, source.endpoints[0], observations, NOW, NOW, NOW, 0, "host")
    return Snapshot({(source.name, source.endpoints[0].name): accepted})


def by_name(found: Mapping[str, Family] | list[Family]) -> dict[str, Family]:
    return {family.name: family for family in found} if isinstance(found, list) else dict(found)


def test_domain_values_become_gauges_with_help_unit_and_source() -> None:
    own = observed(HEIGHT, 7, "a")
    agreed = observed(STAMP, NOW, provenance="mempool_space/tip@host, coingecko/coin@other")
    made = by_name(list(DomainFamilies()(viewed(own, agreed, observed(FACT, 1)), known(own), HELP)))
    assert made["btchealth_height"] == Family(
        "btchealth_height",
        Kind.GAUGE,
        "Height. Source: somewhere.",
        "",
        (Series((("source", "a"),), 7, "mempool_space"),),
    )
    assert made["btchealth_block_timestamp_seconds"].unit == "seconds"
    assert made["btchealth_block_timestamp_seconds"].series[0].source is None
    assert made["btchealth_host_info"].unit == ""


def test_series_of_an_unchanged_observation_are_not_made_again() -> None:
    families_of = DomainFamilies()
    same, moving = observed(STAMP, 1), observed(HEIGHT, 1, "a")
    first = by_name(list(families_of(viewed(same, moving), known(same), HELP)))
    second = by_name(list(families_of(viewed(same, observed(HEIGHT, 2, "a")), known(same), HELP)))
    assert second[STAMP.name].series[0] is first[STAMP.name].series[0]
    assert second[HEIGHT.name].series[0].value == 2


def test_a_value_that_is_gone_leaves_no_series() -> None:
    families_of = DomainFamilies()
    a, b = observed(HEIGHT, 1, "a"), observed(HEIGHT, 2, "b")
    assert [len(one.series) for one in families_of(viewed(a, b), known(a, b), HELP)] == [2]
    assert [len(one.series) for one in families_of(viewed(b), known(b), HELP)] == [1]
    assert families_of({}, Snapshot(), HELP) == []


def carded(value: float = 1.0, method: Method = METHOD) -> Scorecard:
    """Every input fresh, all with the same value."""
    readings = {selector: Reading(value, NOW, NOW, "test") for selector in method.selectors}
    return score(readings, NOW, Memory(), method)


def shown(card: Scorecard) -> dict[str, dict[tuple[str, ...], float]]:
    """Value by label values, by family."""
    return {
        family.name: {tuple(text for _, text in one.labels): one.value for one in family.series}
        for family in families.scores(card)
    }


def test_every_score_family_is_on_the_page_in_the_order_declared() -> None:
    assert [family.name for family in families.scores(carded())] == [declared.name for declared in SCORES]


def test_points_lost_sum_to_what_is_missing_from_a_hundred() -> None:
    page = shown(carded())
    lost = sum(page["btchealth_indicator_points_lost"].values())
    assert lost == pytest.approx(100 - page["btchealth_overall_score"][()], abs=1e-9)


def test_effective_weights_sum_to_one_in_each_pillar() -> None:
    weights = shown(carded())["btchealth_indicator_weight_ratio"]
    for pillar in METHOD.pillars:
        assert sum(weight for (owner, _), weight in weights.items() if owner == pillar.id) == pytest.approx(1)


def test_weights_of_pillars_sum_to_one_and_say_which_count() -> None:
    security = {one.quantity.selectors[0] for one in METHOD.pillars[0].indicators}
    little = {selector: Reading(0.8, NOW, NOW, "t") for selector in METHOD.selectors if selector not in security}
    page = shown(score(little, NOW))
    weights = page["btchealth_pillar_effective_weight_ratio"]
    assert weights["security",] == 0
    assert sum(weights.values()) == pytest.approx(1)
    assert page["btchealth_pillar_weight_ratio"]["security",] == pytest.approx(0.3)
    assert page["btchealth_scorecard_minimum_coverage_ratio"] == {(): 0.6}


def test_without_any_reading_only_bounds_coverage_and_weights_are_shown() -> None:
    page = shown(score({}, NOW, Memory(), METHOD))
    assert page["btchealth_overall_score"] == {}
    assert page["btchealth_pillar_score"] == {}
    assert page["btchealth_pillar_effective_weight_ratio"] == {}
    assert page["btchealth_indicator_score"] == {}
    assert page["btchealth_overall_coverage_ratio"] == {(): 0.0}
    assert page["btchealth_overall_score_lower_bound"] == {(): 0.0}
    assert page["btchealth_overall_score_upper_bound"] == {(): 100.0}
    assert len(page["btchealth_pillar_coverage_ratio"]) == len(page["btchealth_pillar_weight_ratio"]) == 5


def test_a_held_indicator_is_shown_as_not_covered() -> None:
    fresh = carded()
    held = shown(score({}, NOW + 60, fresh.memory, METHOD))
    covered = held["btchealth_indicator_covered"]
    assert set(covered.values()) == {0.0}
    assert held["btchealth_indicator_score"] == shown(fresh)["btchealth_indicator_score"]


def test_own_weights_show_in_the_version() -> None:
    card = replace(carded(), methodology="1.0+custom.abcdef12")
    assert shown(card)["btchealth_methodology_info"] == {("1.0+custom.abcdef12",): 1.0}


@pytest.mark.parametrize("declared", PRODUCT, ids=lambda one: one.name)
def test_a_family_about_the_product_keeps_the_conventions(declared: Declared) -> None:
    assert declared.name.startswith(PREFIX)
    assert declared.name.endswith("_total") is (declared.kind is Kind.COUNTER)
    assert not RESERVED_LABELS & set(declared.labels)
    assert declared.help.endswith(".")
    assert declared.unit == "" or declared.name.endswith(f"_{declared.unit}")
    for word in ("_seconds", "_ratio"):
        assert not declared.name.endswith(word) or declared.unit == word[1:]


def test_every_name_is_declared_once() -> None:
    names = [declared.name for declared in PRODUCT]
    assert len(names) == len(set(names))
    assert {
        "process_cpu_seconds_total",
        "python_info",
        "btchealth_http_request_duration_seconds_bucket",
    } < sample_names()
