"""`/api/v2/score/latest`: the newest score with what it is made of, and the alerts about it."""

from __future__ import annotations

from exporter.history.alertmanager import Alerts
from exporter.scorecards import document
from exporter.slices import Slices
from exporter.web.api.models import ScoreLatest
from exporter.web.api.render import writing
from exporter.world import World


def score_latest(world: World, alerts: Alerts) -> Slices[bytes]:
    known = {"alerts": alerts.alerts, "alerts_reason": alerts.reason}
    return writing(ScoreLatest, lambda: document(world.scorecard, world.view) | known)
