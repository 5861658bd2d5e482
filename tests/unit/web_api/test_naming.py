import pytest

from exporter.history.selector import Selector
from exporter.web.answer import Refusal
from exporter.web.api.naming import Known, selector_of
from exporter.web.api.queries import TimeseriesQuery
from scoring.reading import series

KNOWN = Known({"security": ("hashrate",), "adoption": ()}, {"btchealth_tip", "btchealth_share_ratio", "btchealth_new"})
STORED = {
    "btchealth_tip": {"btchealth_tip"},
    "btchealth_share_ratio": {
        'btchealth_share_ratio{pool="a \\ b",window="24h"}',
        'btchealth_share_ratio{pool="other",window="24h"}',
        'btchealth_share_ratio{pool="other",window="7d"}',
    },
}


def found(query: TimeseriesQuery) -> Selector:
    return selector_of(query, KNOWN, STORED.get(query.id or "", ()))


@pytest.mark.parametrize(
    ("query", "want"),
    [
        (TimeseriesQuery(), "btchealth_overall_score"),
        (TimeseriesQuery(kind="pillar", id="security"), 'btchealth_pillar_score{pillar="security"}'),
        (
            TimeseriesQuery(kind="indicator", id="hashrate"),
            'btchealth_indicator_score{indicator="hashrate",pillar="security"}',
        ),
        (TimeseriesQuery(kind="metric", id="btchealth_tip"), "btchealth_tip"),
        (
            TimeseriesQuery(kind="metric", id="btchealth_share_ratio", label=["window:7d"]),
            'btchealth_share_ratio{pool="other",window="7d"}',
        ),
        (
            TimeseriesQuery(kind="metric", id="btchealth_share_ratio", label=["window:24h", "pool:other"]),
            'btchealth_share_ratio{pool="other",window="24h"}',
        ),
    ],
)
def test_a_request_means_one_series(query: TimeseriesQuery, want: str) -> None:
    assert str(found(query)) == want


@pytest.mark.parametrize(
    ("query", "want"),
    [
        (TimeseriesQuery(id="security"), "id: expected none with kind=overall, got 'security'"),
        (TimeseriesQuery(label=["a:b"]), "label: expected only with kind=metric, got kind=overall"),
        (TimeseriesQuery(kind="pillar"), "id: expected the id of a pillar with kind=pillar"),
        (TimeseriesQuery(kind="pillar", id="mining"), "id: expected one of security, adoption, got 'mining'"),
        (TimeseriesQuery(kind="indicator", id="security"), "id: expected an indicator of /api/v2/methodology"),
        (TimeseriesQuery(kind="metric", id="up"), "id: expected the name of a metric, got 'up'"),
        (TimeseriesQuery(kind="metric", id="btchealth_new"), "id: btchealth_new is not stored"),
        (
            TimeseriesQuery(kind="metric", id="btchealth_share_ratio"),
            "label: 3 series of btchealth_share_ratio fit; expected the labels of one, such as label=pool:",
        ),
        (
            TimeseriesQuery(kind="metric", id="btchealth_share_ratio", label=["pool:mine"]),
            "label: no series of btchealth_share_ratio fits; expected the labels of one, such as label=pool:",
        ),
        (TimeseriesQuery(kind="metric", id="btchealth_tip", label=["a:b"]), "label: no series of btchealth_tip fits"),
        (
            TimeseriesQuery(kind="metric", id="btchealth_share_ratio", label=["pool:a", "pool:b"]),
            "label: expected one value of pool, got 'a' and 'b'",
        ),
    ],
)
def test_what_leaves_open_which_series_is_meant_is_refused(query: TimeseriesQuery, want: str) -> None:
    with pytest.raises(Refusal) as caught:
        found(query)
    assert caught.value.status == 400
    assert caught.value.detail.startswith(want)


@pytest.mark.parametrize(
    ("selector", "want"),
    [
        (Selector("a"), "max(a{})"),
        (Selector("a", {"b": "c", "a": "x"}), 'max(a{a="x",b="c"})'),
        (Selector("a", {"b": 'q"\\\n'}), 'max(a{b="q\\"\\\\\\n"})'),
    ],
)
def test_promql_is_built_from_parts_and_escapes_values(selector: Selector, want: str) -> None:
    assert selector.promql() == want


@pytest.mark.parametrize(
    "text", ["", "A", "a{", "a{b=c}", 'a{b="c"}}', 'a{c="x",b="y"}', 'a{b="x",b="y"}', "a{}", "a b"]
)
def test_a_text_that_is_no_selector_of_ours_is_not_taken_apart(text: str) -> None:
    assert Selector.parse(text) is None


@pytest.mark.parametrize("value", ['say "x"', '"', '""', "a,b", 'a="b', "\\", "{}", "", "ViaBTC ü"])
def test_a_label_value_of_upstream_may_hold_anything_and_is_still_one_value(value: str) -> None:
    text = series("btchealth_share_ratio", pool=value, window="24h")
    found = Selector.parse(text)
    assert found == Selector("btchealth_share_ratio", {"pool": value, "window": "24h"})
    assert str(found) == text


def test_a_pool_with_quotation_marks_in_its_name_can_be_asked_for() -> None:
    stored = {series("btchealth_share_ratio", pool=name) for name in ('say "x"', "other")}
    query = TimeseriesQuery(kind="metric", id="btchealth_share_ratio", label=['pool:say "x"'])
    assert selector_of(query, KNOWN, stored).promql() == 'max(btchealth_share_ratio{pool="say \\"x\\""})'
