"""mempool.space: prices and the name of the node that answered."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.answers.answer import Answer, Routes, as_json
from simulator.clock import HOUR
from simulator.market import RATES
from simulator.view import View

routes = Routes()

_PRICE_DELAY = 5  # seconds after the full hour


@routes("/api/v1/prices")
def prices(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    time = int((view.now - _PRICE_DELAY) // HOUR) * HOUR + _PRICE_DELAY
    rows = {currency: round(view.price(time) * rate) for currency, rate in RATES.items()}
    return as_json({"time": time, **rows})


@routes("/api/v1/backend-info")
def backend_info(_view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_json(
        {
            "hostname": "node1.simulated",
            "version": "3.4-dev",
            "gitCommit": "954275f76",
            "lightning": True,
            "backend": "esplora",
            "coreVersion": "/Satoshi:30.0.0/",
            "osVersion": "FreeBSD 14.4-RELEASE-p7",
        }
    )
