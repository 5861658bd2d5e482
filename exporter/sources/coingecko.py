"""CoinGecko: price, market capitalisation, volume, supply.

Answers are cached for a minute at the source; their own time fields are the only sign of age.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Field, IsoTime, IsoTimestamp, Number, Part, Payload, UnixSeconds, Usd
from exporter.sources import quantities
from exporter.spec import MINUTE, Budget, Metric, Sample, Source, Unit, endpoint

SOURCE = Source(
    name="coingecko",
    title="CoinGecko",
    base_urls=("https://api.coingecko.com",),
    # Without a key the limit is shared by address and no number is promised: five calls a minute are safe.
    budget=Budget(burst=5, every=12.0, spacing=2.0),
    modules=("exporter.sources.coingecko",),
    key_header="x-cg-demo-api-key",
    # Where paid keys are taken, and no others.
    key_headers={"pro-api.coingecko.com": "x-cg-pro-api-key"},
)

_CHANGE: Final = (-1.0, 100.0)

MARKET_VOLUME = Metric(
    "btchealth_market_volume_usd",
    "Volume that exchanges report for the last 24 hours, all trading pairs in US dollars. Exchanges are known to "
    "inflate it.",
    Unit.USD,
    bounds=(0.0, 1e14),
    labels={"window": ("24h",)},
)
PRICE_CHANGE = Metric(
    "btchealth_price_change_ratio",
    "Relative change of the price over the window; -0.1 is ten percent lower.",
    Unit.RATIO,
    bounds=_CHANGE,
    labels={"window": ("24h", "7d", "30d", "365d")},
)
MARKET_CAP_CHANGE = Metric(
    "btchealth_market_cap_change_ratio",
    "Relative change of the market capitalisation over the window.",
    Unit.RATIO,
    bounds=_CHANGE,
    labels={"window": ("24h",)},
    raw_only="nearly the change of the price; kept for users who alert on capitalisation",
)
PRICE_HIGH = Metric(
    "btchealth_price_high_usd",
    "Highest price within the window.",
    Unit.USD,
    bounds=(0.01, 1e8),
    labels={"window": ("24h",)},
)
PRICE_LOW = Metric(
    "btchealth_price_low_usd",
    "Lowest price within the window.",
    Unit.USD,
    bounds=(0.01, 1e8),
    labels={"window": ("24h",)},
)
ALL_TIME_HIGH = Metric(
    "btchealth_price_all_time_high_usd",
    "Highest price ever recorded by this source.",
    Unit.USD,
    bounds=(0.01, 1e8),
)
ALL_TIME_HIGH_CHANGE = Metric(
    "btchealth_price_all_time_high_change_ratio",
    "Price relative to the highest one ever: 0 at the high, -0.5 at half of it.",
    Unit.RATIO,
    bounds=(-1.0, 0.1),
)
ALL_TIME_HIGH_TIMESTAMP = Metric(
    "btchealth_price_all_time_high_timestamp_seconds",
    "When the highest price ever was recorded.",
    Unit.TIMESTAMP,
    bounds=(1_230_000_000.0, 4_102_444_800.0),
)
SUPPLY_LIMIT = Metric(
    "btchealth_supply_limit_bitcoins",
    "Bitcoins that will ever be mined, rounded up to whole millions as this source states it.",
    Unit.BITCOINS,
    bounds=(20e6, 21e6),
    raw_only="a constant of the protocol; a change would mean that the source talks about another coin",
)

# Percent as the API writes them: a fall is at most -100, a rise of a hundredfold is beyond belief.
Change = Annotated[float | None, Number(-100, 10_000)]


class Price(Payload):
    usd: Usd = None
    usd_market_cap: Usd = None
    usd_24h_vol: Usd = None
    usd_24h_change: Change = None
    last_updated_at: UnixSeconds = None


class SimplePrice(Payload):
    bitcoin: Annotated[Price | None, Part(required=False)] = None


def _price_of(body: SimplePrice) -> Price:
    if body.bitcoin is None:
        raise BodyError(Reason.EMPTY, "expected an object under 'bitcoin', got none")
    return body.bitcoin


def _required_time(time: float | None, field: str) -> float:
    """An old price comes with status 200 like a new one, so a body that hides its age is not believed."""
    if time is None:
        raise BodyError(Reason.FORMAT, f"{field}: expected a time, because nothing else tells the age of the body")
    return time


def _ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


@endpoint(
    "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd&include_market_cap=true&include_24hr_vol=true&include_24hr_change=true&include_last_updated_at=true",
    SimplePrice,
    {
        quantities.PRICE: "usd",
        quantities.MARKET_CAP: "usd_market_cap",
        MARKET_VOLUME: "usd_24h_vol",
        PRICE_CHANGE: "usd_24h_change",
    },
    interval=2 * MINUTE,
    period=MINUTE,
    lag=5 * MINUTE,
    data_time=lambda body: _required_time(_price_of(body).last_updated_at, "last_updated_at"),
)
def simple_price(body: SimplePrice) -> Iterator[Sample | None]:
    price = _price_of(body)
    yield quantities.PRICE(price.usd, source=SOURCE.name)
    yield quantities.MARKET_CAP(price.usd_market_cap, source=SOURCE.name)
    yield MARKET_VOLUME(price.usd_24h_vol, window="24h")
    yield PRICE_CHANGE(_ratio(price.usd_24h_change), window="24h")


class InDollars(Field):
    """The dollar value of a map from some sixty currencies to amounts; the others are left."""

    def __init__(self, inner: Field) -> None:
        super().__init__()
        self.inner = inner

    def parse(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError(value)  # noqa: TRY004 - one exception for every refusal
        return self.inner.parse(value.get("usd"))


DollarPrice = Annotated[float | None, InDollars(Number(0, 1e8))]
Supply = Annotated[float | None, Number(0, 21e6)]


class MarketData(Payload):
    high_24h: DollarPrice = None
    low_24h: DollarPrice = None
    ath: DollarPrice = None
    ath_change_percentage: Annotated[float | None, InDollars(Number(-100, 10))] = None
    ath_date: Annotated[float | None, InDollars(IsoTime())] = None
    price_change_percentage_7d: Change = None
    price_change_percentage_30d: Change = None
    price_change_percentage_1y: Change = None
    market_cap_change_percentage_24h: Change = None
    circulating_supply: Supply = None
    max_supply: Supply = None
    last_updated: IsoTimestamp = None

    UNUSED = frozenset(
        {
            "atl", "atl_change_percentage", "atl_date", "current_price", "fdv_to_tvl_ratio",
            "fully_diluted_valuation", "market_cap", "market_cap_change_24h", "market_cap_change_24h_in_currency",
            "market_cap_change_percentage_24h_in_currency", "market_cap_fdv_ratio", "market_cap_rank",
            "mcap_to_tvl_ratio", "price_change_24h", "price_change_24h_in_currency", "price_change_percentage_14d",
            "price_change_percentage_14d_in_currency", "price_change_percentage_1h_in_currency",
            "price_change_percentage_1y_in_currency", "price_change_percentage_200d",
            "price_change_percentage_200d_in_currency", "price_change_percentage_24h",
            "price_change_percentage_24h_in_currency", "price_change_percentage_30d_in_currency",
            "price_change_percentage_60d", "price_change_percentage_60d_in_currency",
            "price_change_percentage_7d_in_currency", "roi", "sparkline_7d", "total_supply", "total_value_locked",
            "total_volume",
        }
    )  # fmt: skip


class Coin(Payload):
    market_data: Annotated[MarketData | None, Part(required=False)] = None

    UNUSED = frozenset(
        {
            "additional_notices", "asset_platform_id", "block_time_in_minutes", "categories", "coingecko_rank",
            "coingecko_score", "community_data", "community_score", "country_origin", "description",
            "detail_platforms", "developer_data", "developer_score", "genesis_date", "hashing_algorithm", "id",
            "image", "last_updated", "links", "liquidity_score", "localization", "market_cap_rank", "name",
            "platforms", "preview_listing", "public_interest_score", "public_interest_stats", "public_notice",
            "sentiment_votes_down_percentage", "sentiment_votes_up_percentage", "status_updates", "symbol",
            "tickers", "watchlist_portfolio_users", "web_slug",
        }
    )  # fmt: skip


def _market_of(body: Coin) -> MarketData:
    if body.market_data is None:
        raise BodyError(Reason.EMPTY, "expected an object under 'market_data', got none")
    return body.market_data


@endpoint(
    "/api/v3/coins/bitcoin?localization=false&tickers=false&community_data=false&developer_data=false&sparkline=false",
    Coin,
    {
        quantities.CIRCULATING_SUPPLY: "circulating_supply",
        SUPPLY_LIMIT: "max_supply",
        PRICE_CHANGE: {
            "7d": "price_change_percentage_7d",
            "30d": "price_change_percentage_30d",
            "365d": "price_change_percentage_1y",
        },
        MARKET_CAP_CHANGE: "market_cap_change_percentage_24h",
        PRICE_HIGH: "high_24h",
        PRICE_LOW: "low_24h",
        ALL_TIME_HIGH: "ath",
        ALL_TIME_HIGH_CHANGE: "ath_change_percentage",
        ALL_TIME_HIGH_TIMESTAMP: "ath_date",
    },
    interval=15 * MINUTE,
    period=MINUTE,
    lag=5 * MINUTE,
    data_time=lambda body: _required_time(_market_of(body).last_updated, "last_updated"),
)
def coin(body: Coin) -> Iterator[Sample | None]:
    market = _market_of(body)
    yield quantities.CIRCULATING_SUPPLY(market.circulating_supply, source=SOURCE.name)
    yield SUPPLY_LIMIT(market.max_supply)
    yield PRICE_CHANGE(_ratio(market.price_change_percentage_7d), window="7d")
    yield PRICE_CHANGE(_ratio(market.price_change_percentage_30d), window="30d")
    yield PRICE_CHANGE(_ratio(market.price_change_percentage_1y), window="365d")
    yield MARKET_CAP_CHANGE(_ratio(market.market_cap_change_percentage_24h), window="24h")
    yield PRICE_HIGH(market.high_24h, window="24h")
    yield PRICE_LOW(market.low_24h, window="24h")
    yield ALL_TIME_HIGH(market.ath)
    yield ALL_TIME_HIGH_CHANGE(_ratio(market.ath_change_percentage))
    yield ALL_TIME_HIGH_TIMESTAMP(market.ath_date)
