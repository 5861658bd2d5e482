"""One chart: a year of points, of which the newest and statistics over the days before it are shown.

Charts stand still for weeks while the service says "ok", so the newest point tells the age. The website's own export of
the same chart has another shape, milliseconds and averages: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from exporter.errors import BodyError, Reason
from exporter.payload import Number, Part, Payload, Text, UnixSeconds
from exporter.sources.blockchain_com.rows import Rows, Statistic, newest
from exporter.spec import DAY, HOUR, Endpoint, Group, Metric, Sample, Unit


class Point(Payload):
    x: UnixSeconds = None
    # Zero is how this source fails; none of the charts was zero since 2010.
    y: Annotated[float | None, Number(1e-9, 1e30)] = None


class Chart(Payload):
    status: Annotated[str | None, Text()] = None
    unit: Annotated[str | None, Text(required=False)] = None
    values: Annotated[list[Annotated[Point | None, Part()]] | None, Part()] = None

    UNUSED = frozenset({"name", "period", "description"})


def family(
    name: str,
    text: str,
    unit: Unit = Unit.NONE,
    bounds: tuple[float, float] = (1.0, 1e9),
    windows: tuple[str, ...] = (),
    group: Group = Group.ADOPTION,
) -> Metric:
    return Metric(f"btchealth_{name}", text, unit, bounds, {"window": windows} if windows else {}, group)


@dataclass(frozen=True, slots=True)
class Shown:
    """One series made of a chart."""

    metric: Metric
    statistic: Statistic
    labels: tuple[tuple[str, str], ...]


def shown(metric: Metric, statistic: Statistic = newest, **labels: str) -> Shown:
    return Shown(metric, statistic, tuple(labels.items()))


def rows_of(chart: Chart, unit: str = "", factor: float = 1.0) -> Rows:
    """Raises BodyError where the body is no chart, has another unit than `unit`, or no points."""
    if chart.values is None:
        raise BodyError(Reason.FORMAT, "values: expected a list of points, each with x and y")
    if chart.status != "ok":
        raise BodyError(Reason.ERROR_BODY, f"status: expected 'ok', got {chart.status!r}")
    if unit not in (chart.unit or unit):
        raise BodyError(Reason.INCONSISTENT, f"unit: expected {unit}, got {chart.unit!r}")
    points = {point.x: point.y * factor for point in chart.values if point and point.x and point.y}
    if not points:
        reason = Reason.FORMAT if chart.values else Reason.EMPTY
        raise BodyError(reason, f"values: none of {len(chart.values)} points has a usable x and y")
    return tuple(sorted(points.items()))


def chart(
    slug: str,
    *series: Shown,
    unit: str = "",
    factor: float = 1.0,
    step: float = DAY,
    timespan: str = "1year",
    interval: float = HOUR,
) -> Endpoint:
    """`factor` turns the chart's unit into that of the metrics; `step` is the length of the interval that starts at x.

    A chart whose points are moments has step 0.
    """
    rows = partial(rows_of, unit=unit, factor=factor)
    return Endpoint(
        name=slug.replace("-", "_"),
        path=f"/charts/{slug}?timespan={timespan}&format=json&sampled=false",
        payload=Chart,
        origins={one.metric: "values" for one in series},
        parse=lambda body: _samples(series, rows(body)),
        interval=interval,
        period=step or DAY,
        lag=step or DAY,
        data_time=lambda body: rows(body)[-1][0] + step,
        daily=rows if step == DAY else None,
    )


def _samples(series: tuple[Shown, ...], rows: Rows) -> Iterator[Sample | None]:
    for one in series:
        yield one.metric(one.statistic(rows), None, **dict(one.labels))
