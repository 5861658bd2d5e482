"""Alerts as an Alertmanager knows them (API v2), fetched in the background.

github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import structlog
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from exporter.errors import RemoteError
from exporter.history.jsonclient import JsonClient

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 15.0
MOST_ALERTS: Final = 200
MOST_BYTES: Final = 1 << 20
NOT_CONFIGURED: Final = "no Alertmanager is configured (alerts.alertmanager_url)"

# Only this product's; an Alertmanager serves many.
_QUERY: Final = {"filter": 'alertname=~"BtcHealth.+"'}


@dataclass(frozen=True, slots=True)
class Alert:
    name: str
    severity: str | None
    state: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Alerts:
    """`alerts` None: not known, and `reason` says why."""

    alerts: tuple[Alert, ...] | None
    reason: str | None


class _Status(BaseModel):
    state: Literal["active", "suppressed", "unprocessed"]


class _Given(BaseModel):
    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: AwareDatetime  # noqa: N815 - the API's own name
    fingerprint: str
    status: _Status


_ANSWER: Final = TypeAdapter(list[_Given])


class AlertFeed:
    """`now` is what was learned last."""

    def __init__(
        self,
        url: Callable[[], str | None],
        client: JsonClient,
        sleep: Callable[[float], Awaitable[object]],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """`url` is asked each time, because a reload may change it."""
        self._url, self._client, self._sleep, self._on_change = url, client, sleep, on_change
        self.now = Alerts(None, NOT_CONFIGURED)

    async def run(self) -> None:
        while True:
            await self.refresh()
            await self._sleep(EVERY_SECONDS)

    async def refresh(self) -> None:
        url = self._url()
        learned = Alerts(None, NOT_CONFIGURED) if url is None else await self._ask(url)
        if learned.reason != self.now.reason:
            log.info("alerts", state=learned.reason or "known")
        if learned != self.now:
            self.now = learned
            self._on_change()

    async def _ask(self, url: str) -> Alerts:
        try:
            body = await self._client.get(f"{url}/api/v2/alerts", _QUERY, MOST_BYTES)
            return Alerts(await asyncio.to_thread(_read, body), None)
        except RemoteError as error:
            return Alerts(None, f"the Alertmanager {error}")
        # OverflowError: a time zone takes the first or the last day of the calendar out of it.
        except (ValidationError, OverflowError):
            return Alerts(None, "the Alertmanager answered something else than a list of alerts")


def _read(body: bytes) -> tuple[Alert, ...]:
    """The oldest ones. Raises ValidationError, OverflowError."""
    known = sorted(map(_alert, _ANSWER.validate_json(body)), key=lambda alert: (alert.starts_at, alert.fingerprint))
    return tuple(known[:MOST_ALERTS])


def _alert(given: _Given) -> Alert:
    return Alert(
        name=given.labels.get("alertname", ""),
        severity=given.labels.get("severity"),
        state=given.status.state,
        labels=given.labels,
        annotations=given.annotations,
        starts_at=given.startsAt.timestamp(),
        fingerprint=given.fingerprint,
    )
