from __future__ import annotations

import re
from collections import Counter

import pytest

from exporter import catalogue
from exporter.sources import registry
from exporter.spec import DAY, Facts, Metric, Source, Top, Unit
from scoring.methodology import METHOD

every_metric = pytest.mark.parametrize("metric", catalogue.metrics(), ids=lambda metric: metric.name)

# From the naming conventions: what a name must not contain or end in.
GENERATED_SUFFIXES = ("_total", "_count", "_sum", "_bucket", "_created")
TIMES_SINCE = re.compile(r"_(age|since|ago|elapsed)(_|$)")
TARGET_LABELS = {"instance", "job", "service", "env", "region", "cluster", "type", "le", "quantile"}


def test_there_are_enough_families_from_the_sources_and_in_all() -> None:
    by_source = Counter(source.name for places in registry.origins().values() for source, _, _ in places)
    assert set(by_source) == {source.name for source in registry.SOURCES}
    assert len(catalogue.metrics()) >= 120


def test_names_are_unique_across_sources_agreement_and_derivation() -> None:
    names = [metric.name for metric in catalogue.metrics()]
    assert len(names) == len(set(names))


def test_all_series_together_fit_the_budget() -> None:
    assert sum(metric.max_series for metric in catalogue.metrics()) <= catalogue.SERIES_BUDGET


@every_metric
def test_a_family_above_ten_series_is_a_bounded_list_or_a_small_table(metric: Metric) -> None:
    bounded = any(isinstance(values, Top) for values in metric.labels.values())
    assert metric.max_series <= (50 if bounded else 20)


def test_few_families_are_raw_only_and_each_says_why() -> None:
    reasons = [metric.raw_only for metric in catalogue.metrics() if metric.raw_only is not None]
    assert len(reasons) <= 40
    assert all(len(reason.split()) >= 4 for reason in reasons)


@every_metric
def test_names_obey_the_conventions(metric: Metric) -> None:
    assert not metric.name.endswith(GENERATED_SUFFIXES)
    assert not TIMES_SINCE.search(metric.name)
    assert "percent" not in metric.name
    assert not TARGET_LABELS & metric.labels.keys()
    for label in metric.labels:
        assert re.fullmatch(r"[a-z][a-z_]*", label)
    for unit in Unit:
        if unit.suffix and metric.name.endswith(f"_{unit.suffix}"):
            assert metric.unit.suffix.endswith(unit.suffix), "a name with the suffix of a unit has that unit"


@every_metric
def test_only_quantities_of_several_sources_have_the_label_source(metric: Metric) -> None:
    places = registry.origins().get(metric, ())
    sources = {source.name for source, _, _ in places}
    assert ("source" in metric.labels) == (len(sources) > 1)
    if "source" in metric.labels:
        assert set(metric.labels["source"]) == sources  # type: ignore[arg-type]  # closed tuples of names


@every_metric
def test_free_text_is_only_a_label_of_info_families(metric: Metric) -> None:
    if any(isinstance(values, Facts) for values in metric.labels.values()):
        assert metric.unit is Unit.INFO


@every_metric
def test_closed_labels_never_mean_all_together(metric: Metric) -> None:
    for values in metric.labels.values():
        if isinstance(values, tuple):
            assert not {"total", "all", "any"} & set(values)
            assert len(values) == len(set(values))


def test_endpoints_of_a_source_have_different_names_and_paths() -> None:
    for source in registry.SOURCES:
        assert source.endpoints
        for part in ("name", "path"):
            found = [getattr(endpoint, part) for endpoint in source.endpoints]
            assert len(found) == len(set(found)), f"{source.name}: {part}"


@pytest.mark.parametrize("source", registry.SOURCES, ids=lambda source: source.name)
def test_planned_polls_stay_well_inside_the_budget(source: Source) -> None:
    planned = sum(DAY / endpoint.interval for endpoint in source.endpoints)
    assert planned <= DAY / max(source.budget.every, source.budget.spacing)


@pytest.mark.parametrize("selector", METHOD.selectors)
def test_every_series_that_scores_read_can_exist(selector: str) -> None:
    assert catalogue.resolve(selector).name == selector.partition("{")[0]


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("btchealth_made_up", "no such metric"),
        ("btchealth_price_usd", r"expected the labels \['source'\], got \[\]"),
        ('btchealth_price_usd{source="somebody"}', "expected source to be one of mempool_space, .* got 'somebody'"),
        ('btchealth_mempool_vbytes{source="mempool_space"}', r"expected the labels \[\]"),
        ("sum(btchealth_mempool_vbytes)", "expected name"),
    ],
)
def test_a_series_that_cannot_exist_is_refused_by_name(selector: str, message: str) -> None:
    with pytest.raises(LookupError, match=message):
        catalogue.resolve(selector)


def test_a_bounded_label_takes_any_value() -> None:
    assert catalogue.resolve('btchealth_mining_pool_blocks{pool="a_new_pool",window="24h"}').unit is Unit.NONE


def test_a_metric_declared_twice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    double = Metric(catalogue.metrics()[0].name, "The same name again.")
    monkeypatch.setattr(registry, "origins", lambda: {**dict.fromkeys(catalogue.metrics(), ()), double: ()})
    with pytest.raises(ValueError, match="declared twice"):
        catalogue.metrics.__wrapped__()


def test_an_unknown_source_is_an_error_that_names_the_known() -> None:
    assert registry.source("bitnodes").name == "bitnodes"
    with pytest.raises(LookupError, match="expected one of mempool_space, coingecko"):
        registry.source("somebody")
