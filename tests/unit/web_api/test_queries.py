import pytest

from exporter.web.answer import Refusal
from exporter.web.api.queries import ExplainQuery, NoQuery, Query, TimeseriesQuery, read
from exporter.web.api.timeseries import window_of

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("given", "want"),
    [
        ({}, {"kind": "overall", "id": None, "days": 30, "step": None, "label": []}),
        ({"days": ["0.5"]}, {"days": 0.5}),
        ({"days": ["3660"]}, {"days": 3660}),
        ({"step": ["1"]}, {"step": 1}),
        ({"step": ["2678400"]}, {"step": 2_678_400}),
        ({"kind": ["pillar"], "id": ["security"]}, {"kind": "pillar", "id": "security"}),
        ({"label": ["window:24h", "pool:a b:c"]}, {"label": ["window:24h", "pool:a b:c"]}),
        ({"label": ["a:b"] * 10}, {"label": ["a:b"] * 10}),
    ],
)
def test_what_a_time_series_may_be_asked_with(given: dict[str, list[str]], want: dict[str, object]) -> None:
    assert read(TimeseriesQuery, given).model_dump().items() >= want.items()


@pytest.mark.parametrize(
    ("model", "given", "want"),
    [
        (NoQuery, {"a": ["1"]}, "'a': expected no parameter"),
        (TimeseriesQuery, {"Days": ["1"]}, "'Days': expected kind, id, days, step, label"),
        (TimeseriesQuery, {"": ["1"]}, "'': expected kind, id, days, step, label"),
        (TimeseriesQuery, {"days": ["1", "2"]}, "days: expected once, got it 2 times"),
        (TimeseriesQuery, {"kind": [""]}, "kind: expected overall, pillar, indicator or metric, got ''"),
        (TimeseriesQuery, {"kind": ["Pillar"]}, "kind: expected overall, pillar, indicator or metric, got 'Pillar'"),
        (TimeseriesQuery, {"days": ["0"]}, "days: expected a number above 0, at most 3660, got '0'"),
        (TimeseriesQuery, {"days": ["3660.1"]}, "days: expected a number above 0, at most 3660, got '3660.1'"),
        (TimeseriesQuery, {"days": ["nan"]}, "days: expected a number above 0, at most 3660, got 'nan'"),
        (TimeseriesQuery, {"days": ["inf"]}, "days: expected a number above 0, at most 3660, got 'inf'"),
        (TimeseriesQuery, {"days": ["1e999"]}, "days: expected a number above 0, at most 3660, got '1e999'"),
        (TimeseriesQuery, {"days": ["1_0"]}, "days: expected a number above 0, at most 3660, got '1_0'"),
        (TimeseriesQuery, {"step": ["1_0"]}, "step: expected whole seconds from 1 to 2678400, got '1_0'"),
        (TimeseriesQuery, {"days": ["30d"]}, "days: expected a number above 0, at most 3660, got '30d'"),
        (TimeseriesQuery, {"step": ["0"]}, "step: expected whole seconds from 1 to 2678400, got '0'"),
        (TimeseriesQuery, {"step": ["2678401"]}, "step: expected whole seconds from 1 to 2678400, got '2678401'"),
        (TimeseriesQuery, {"step": ["1.5"]}, "step: expected whole seconds from 1 to 2678400, got '1.5'"),
        (TimeseriesQuery, {"step": ["5m"]}, "step: expected whole seconds from 1 to 2678400, got '5m'"),
        (TimeseriesQuery, {"label": ["window"]}, "label: expected key:value, at most ten times, got 'window'"),
        (TimeseriesQuery, {"label": ["a:\n"]}, "label: expected key:value, at most ten times, got 'a:\\n'"),
        (TimeseriesQuery, {"id": ['x"} or up']}, "id: expected the id of a pillar or an indicator, or the name"),
        (TimeseriesQuery, {"id": ["a" * 201]}, f"or the name of a metric, got '{'a' * 100}...'"),
        (TimeseriesQuery, {"days": ["x"], "step": ["y"]}, "got 'x'; step: expected whole seconds"),
        (ExplainQuery, {"since": ["yesterday"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["2030-02-30T00:00:00Z"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["2030-01-31T12:00:00"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["0000-01-01T00:00:00Z"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["-1"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["99999999999"]}, "since: expected Unix seconds or a time such as"),
        (
            ExplainQuery,
            {"since": ["2030-01-31T12:00:00 02:00"]},
            "with an offset 2030-01-31T12:00:00%2B02:00, got '2030",
        ),
        (ExplainQuery, {"since": ["2030-01-31T12:00:61Z"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["2030-01-31T24:00:00Z"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["2030-01-31T12:00:00+24:00"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["2030-01-31"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["\u0661\u0662\u0663"]}, "since: expected Unix seconds or a time such as"),
        (ExplainQuery, {"since": ["nan"]}, "since: expected Unix seconds or a time such as"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_was_expected(
    model: type[Query], given: dict[str, list[str]], want: str
) -> None:
    with pytest.raises(Refusal) as caught:
        read(model, given)
    assert caught.value.status == 400
    assert want in caught.value.detail


@pytest.mark.parametrize(
    ("since", "want"),
    [
        (None, NOW - 86_400),
        ("1789990000", 1_789_990_000.0),
        ("1789990000.5", 1_789_990_000.5),
        ("2026-09-21T12:26:40Z", 1_789_993_600.0),
        ("2026-09-21T14:26:40+02:00", 1_789_993_600.0),
        ("0001-01-01T00:00:00Z", -62_135_596_800.0),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200.0),
        ("9999-12-31T23:59:59-14:00", 253_402_351_199.0),
        ("2026-09-21t12:26:40.25z", 1_789_993_600.25),
        ("2016-12-31T23:59:60Z", 1_483_228_800.0),
        ("2017-01-01T05:29:60.5+05:30", 1_483_228_800.5),
        ("2026-09-21T12:26:40.123456789Z", 1_789_993_600.123456),
        ("2026-10-25T02:30:00+02:00", 1_792_888_200.0),
        ("2026-10-25T02:30:00+01:00", 1_792_891_800.0),
        ("0", 0.0),
        ("9999999999", 9_999_999_999.0),
    ],
)
def test_since_is_a_moment(since: str | None, want: float) -> None:
    given = {} if since is None else {"since": [since]}
    assert read(ExplainQuery, given).moment(NOW) == want


@pytest.mark.parametrize(
    ("days", "step", "want"),
    [
        (1, None, 300), (30, None, 3_600), (400, None, 43_200), (3_660, None, 604_800), (0.01, None, 60),
        (10, 86_400, 86_400), (0.001, 60, 60),
    ],
)  # fmt: skip
def test_the_grid_ends_now_and_does_not_move_within_a_step(days: float, step: int | None, want: int) -> None:
    window = window_of(TimeseriesQuery(days=days, step=step), NOW)
    assert window.step == want
    assert window.end % want == 0
    assert 0 <= NOW - window.end < want
    assert window == window_of(TimeseriesQuery(days=days, step=step), window.end + want - 1)


@pytest.mark.parametrize(("step", "enough"), [(864, True), (79, True), (78, False), (1, False)])
def test_at_most_11000_points_are_answered(step: int, enough: bool) -> None:
    query = TimeseriesQuery(days=10, step=step)
    if enough:
        assert len(window_of(query, NOW)) <= 11_000
        return
    with pytest.raises(Refusal, match="step: expected at least 79 for that many days"):
        window_of(query, NOW)


@pytest.mark.parametrize(("days", "step"), [(1, 86_401), (0.5, 43_201), (0.0001, 61), (30, 2_592_001)])
def test_a_step_longer_than_the_days_would_answer_about_other_days(days: float, step: int) -> None:
    with pytest.raises(Refusal, match=f"step: expected at most {step - 1} for that many days, got {step}"):
        window_of(TimeseriesQuery(days=days, step=step), NOW)
