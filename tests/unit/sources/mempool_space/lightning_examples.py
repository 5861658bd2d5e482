"""Lightning: newest row, history, largest nodes, places."""

from __future__ import annotations

import json
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal

DAY: Final = 86_400
# 2026-01-01, a midnight.
MIDNIGHT: Final = 1_767_225_600

LATEST: Final = {
    "id": 127_920,
    "added": "2026-01-01T00:00:00.000Z",
    "channel_count": 40_000,
    "node_count": 16_000,
    "total_capacity": 400_000_000_000,
    "tor_nodes": 8000,
    "clearnet_nodes": 4500,
    "unannounced_nodes": 2000,
    "clearnet_tor_nodes": 1500,
    "avg_capacity": 10_000_000,
    "med_capacity": 2_000_000,
    "avg_fee_rate": 820,
    "med_fee_rate": 100,
    "avg_base_fee_mtokens": 900,
    "med_base_fee_mtokens": 500,
}
PREVIOUS: Final = {
    **LATEST,
    "added": "2025-12-25T00:00:00.000Z",
    "channel_count": 50_000,
    "node_count": 16_000,
    "total_capacity": 500_000_000_000,
}


def row(back: int, channels: int = 40_000, capacity: int = 400_000_000_000) -> dict[str, int]:
    return {
        "added": MIDNIGHT - back * DAY,
        "channel_count": channels,
        "total_capacity": capacity,
        "tor_nodes": 8000,
        "clearnet_nodes": 4500,
        "unannounced_nodes": 2000,
        "clearnet_tor_nodes": 1500,
    }


# Newest first: a month ago the network had a fifth more; one day of the year stands out.
HISTORY: Final = [
    row(back, 60_000, 600_000_000_000)
    if back == 200
    else row(back)
    if back < 30
    else row(back, 50_000, 500_000_000_000)
    for back in range(366)
]


def node(number: int, updated: int = MIDNIGHT) -> dict[str, Any]:
    """The largest has the number 0; capacities fall by a thousandth of a bitcoin, channels by one."""
    return {
        "publicKey": "02",
        "alias": "some node",
        "capacity": 10_000_000_000 - 100_000 * number,
        "channels": 1000 - number,
        "firstSeen": MIDNIGHT - 1000 * DAY,
        "updatedAt": updated - 600 * number,
        "city": None,
        "country": {"en": "Germany"},
        "iso_code": "DE",
        "subdivision": None,
    }


NODES: Final = [node(number) for number in range(100)]
HEARD: Final = MIDNIGHT - 600 * 10

ISPS: Final = {
    "clearnetCapacity": 300_000_000_000,
    "torCapacity": 60_000_000_000,
    "unknownCapacity": 40_000_000_000,
    "ispRanking": [
        ["16276", "Host B", 80_000_000_000, 3000, 200],
        ["14618,16509", "Host A", 200_000_000_000, 9000, 500],
        ["24940", "Host C", 40_000_000_000, 2000, 300],
        ["1", "Host D", 1_000_000_000, 10, 2],
    ],
}


def country(iso: str, count: int, share: float) -> dict[str, Any]:
    return {"name": {"en": iso}, "iso": iso, "count": count, "share": share, "capacity": "1000"}


COUNTRIES: Final = [
    country("US", 500, 50.0),
    country("DE", 300, 30.0),
    country("FR", 150, 15.0),
    country("NL", 50, 5.0),
]

EXAMPLES: Final = {
    "lightning_latest": Example(
        body=json.dumps({"latest": LATEST, "previous": PREVIOUS}),
        samples={
            "lightning_nodes": 16_000,
            "lightning_channels": 40_000,
            "lightning_capacity_bitcoins": 4000,
            'lightning_class_nodes{class="tor"}': 8000,
            'lightning_class_nodes{class="clearnet"}': 4500,
            'lightning_class_nodes{class="clearnet_tor"}': 1500,
            'lightning_class_nodes{class="unannounced"}': 2000,
            "lightning_statistics_timestamp_seconds": MIDNIGHT,
            "lightning_channel_capacity_mean_bitcoins": 0.1,
            "lightning_channel_capacity_median_bitcoins": 0.02,
            "lightning_fee_rate_mean_ratio": 0.00082,
            "lightning_fee_rate_median_ratio": 0.0001,
            "lightning_base_fee_mean_satoshis": 0.9,
            "lightning_base_fee_median_satoshis": 0.5,
            'lightning_capacity_change_ratio{window="7d"}': -0.2,
            'lightning_channels_change_ratio{window="7d"}': -0.2,
            'lightning_nodes_change_ratio{window="7d"}': 0,
        },
        data_time=MIDNIGHT,
        refused={
            "no row": Refusal("{}", Reason.EMPTY),
            "a row without a date": Refusal(json.dumps({"latest": {**LATEST, "added": 1}}), Reason.EMPTY),
            "classes that do not add up": Refusal(
                json.dumps({"latest": {**LATEST, "tor_nodes": 80}}), Reason.INCONSISTENT
            ),
        },
    ),
    "lightning_history": Example(
        body=json.dumps(HISTORY),
        samples={
            "lightning_history_rows": 366,
            'lightning_capacity_maximum_bitcoins{window="365d"}': 6000,
            'lightning_channels_maximum{window="365d"}': 60_000,
            'lightning_nodes_maximum{window="365d"}': 16_000,
            'lightning_capacity_change_ratio{window="30d"}': -0.2,
            'lightning_channels_change_ratio{window="30d"}': -0.2,
            'lightning_nodes_change_ratio{window="30d"}': 0,
        },
        data_time=MIDNIGHT,
        refused={
            "no row": Refusal("[]", Reason.EMPTY),
            "rows since 2018": Refusal(json.dumps([row(0), row(2500)]), Reason.INCONSISTENT),
        },
    ),
    "lightning_rankings": Example(
        body=json.dumps(
            {
                "topByCapacity": [
                    {"publicKey": "02", "alias": "a", "capacity": 42_000_000_000},
                    {"publicKey": "03", "alias": "b", "capacity": 36_000_000_000},
                ],
                "topByChannels": [
                    {
                        "publicKey": "03",
                        "alias": "b",
                        "channels": 1836,
                        "city": None,
                        "country": None,
                        "iso_code": "US",
                        "subdivision": '{"en": "Bangkok"}',
                    }
                ],
            }
        ),
        samples={"lightning_node_capacity_maximum_bitcoins": 420, "lightning_node_channels_maximum": 1836},
        refused={
            "nothing it should have": Refusal("{}", Reason.FORMAT),
            "empty lists": Refusal('{"topByCapacity": [], "topByChannels": []}', Reason.EMPTY),
        },
    ),
    "lightning_liquidity": Example(
        body=json.dumps(NODES),
        samples={
            'lightning_top_nodes_capacity_bitcoins{top="1"}': 100,
            'lightning_top_nodes_capacity_bitcoins{top="10"}': 1000 - 0.045,
            'lightning_top_nodes_capacity_bitcoins{top="100"}': 10_000 - 4.95,
            "lightning_top_nodes_update_timestamp_seconds": HEARD,
        },
        data_time=HEARD,
        refused={"no node": Refusal("[]", Reason.EMPTY)},
    ),
    "lightning_connectivity": Example(
        body=json.dumps(NODES),
        samples={
            'lightning_top_nodes_channels{top="1"}': 1000,
            'lightning_top_nodes_channels{top="10"}': 9955,
            'lightning_top_nodes_channels{top="100"}': 95_050,
        },
        data_time=HEARD,
        refused={"no node": Refusal("[]", Reason.EMPTY)},
    ),
    "lightning_isps": Example(
        body=json.dumps(ISPS),
        samples={
            "lightning_providers": 4,
            "lightning_clearnet_capacity_ratio": 0.75,
            "lightning_tor_capacity_ratio": 0.15,
            "lightning_unknown_capacity_ratio": 0.1,
            'lightning_provider_share_ratio{top="1"}': 0.25,
            'lightning_provider_share_ratio{top="3"}': 0.4,
        },
        refused={
            "a network without capacity": Refusal(
                '{"clearnetCapacity": 0, "torCapacity": 0, "unknownCapacity": 0, "ispRanking": []}', Reason.EMPTY
            ),
            "null for no rows": Refusal(
                '{"clearnetCapacity": null, "torCapacity": null, "unknownCapacity": null, "ispRanking": []}',
                Reason.FORMAT,
            ),
        },
    ),
    "lightning_countries": Example(
        body=json.dumps(COUNTRIES),
        samples={
            'lightning_country_share_ratio{top="1"}': 0.5,
            'lightning_country_share_ratio{top="3"}': 0.95,
            "lightning_countries": 4,
            "lightning_located_nodes": 1000,
            "lightning_country_herfindahl_ratio": 0.25 + 0.09 + 0.0225 + 0.0025,
        },
        refused={
            "no country": Refusal("[]", Reason.EMPTY),
            "shares of more than all": Refusal(json.dumps(COUNTRIES[:3] * 2), Reason.INCONSISTENT),
        },
    ),
}
