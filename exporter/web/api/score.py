"""`/api/v2/score/latest`: the newest score with what it is made of, and the alerts about it."""

from __future__ import annotations

from exporter.history.alertmanager import Alerts
from exporter.scorecards import documenting
from exporter.slices import Slices
from exporter.web.api.models import MetricSeries, ScoreLatest
from exporter.web.api.render import writing
from exporter.world import World


def score_latest(world: World, alerts: Alerts) -> Slices[bytes]:
    """Raises as `writing`."""
    known = {"alerts": alerts.alerts, "alerts_reason": alerts.reason}
    # Series are most of the body: looked at one by one, so that a reader need not wait for all.
    body = yield from documenting(world.scorecard, world.view, MetricSeries.model_validate)
    return (yield from writing(ScoreLatest, lambda: body | known))
