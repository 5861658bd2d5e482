"""Mining pools: the names and ids mempool.space gives them, and how often each finds a block here."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Pool:
    slug: str
    name: str
    link: str
    unique_id: int
    weight: float
    blockchain_name: str

    @property
    def row_id(self) -> int:
        """A row number of one database: close to the unique id, but not it."""
        return self.unique_id + 1


_UNKNOWN_LINK = "https://learnmeabitcoin.com/technical/coinbase-transaction"

POOLS = (
    Pool("foundryusa", "Foundry USA", "https://foundrydigital.com", 111, 26.0, "Foundry USA"),
    Pool("antpool", "AntPool", "https://www.antpool.com", 44, 17.5, "AntPool"),
    Pool("f2pool", "F2Pool", "https://www.f2pool.com", 36, 12.5, "F2Pool"),
    Pool("viabtc", "ViaBTC", "https://viabtc.com", 73, 11.0, "ViaBTC"),
    Pool("spiderpool", "SpiderPool", "https://www.spiderpool.com", 102, 8.0, "SpiderPool"),
    Pool("marapool", "MARA Pool", "https://marapool.com", 115, 5.4, "Mara Pool"),
    Pool("secpool", "SECPOOL", "https://www.secpool.com", 141, 4.3, "SECPOOL"),
    Pool("luxor", "Luxor", "https://mining.luxor.tech", 4, 3.0, "Luxor"),
    Pool("binancepool", "Binance Pool", "https://pool.binance.com", 105, 2.3, "Binance Pool"),
    Pool("ocean", "OCEAN", "https://ocean.xyz/", 142, 1.7, "OCEAN"),
    Pool("braiinspool", "Braiins Pool", "https://braiins.com/pool", 43, 1.6, "Braiins Pool"),
    Pool("sbicrypto", "SBI Crypto", "https://sbicrypto.com", 112, 1.2, "SBI Crypto"),
    Pool("unknown", "Unknown", _UNKNOWN_LINK, 0, 1.0, "Unknown"),
    Pool("btccom", "BTC.com", "https://pool.btc.com", 6, 0.8, "BTC.com"),
    Pool("nicehash", "NiceHash", "https://www.nicehash.com", 51, 0.7, "NiceHash"),
    Pool(
        "carbonnegative",
        "Carbon Negative",
        "https://github.com/bitcoin-data/mining-pools/issues/48",
        151,
        0.5,
        "Carbon Negative",
    ),
    Pool("miningsquared", "Mining Squared", "https://pool.bsquared.network/", 161, 0.5, "Mining Squared"),
    Pool("poolin", "Poolin", "https://www.poolin.com", 94, 0.4, "Poolin"),
    Pool("whitepool", "WhitePool", "https://whitebit.com/mining-pool", 143, 0.35, "WhitePool"),
    Pool("ultimuspool", "ULTIMUSPOOL", "https://www.ultimuspool.com", 2, 0.3, "ULTIMUSPOOL"),
    Pool("innopolistech", "Innopolis Tech", "https://innopolis.tech/", 162, 0.3, "Innopolis Tech"),
    Pool("redrockpool", "RedRock Pool", "https://redrock.pro/", 166, 0.25, "RedRock Pool"),
    Pool("bitfufupool", "BitFuFuPool", "https://www.bitfufu.com/pool", 157, 0.2, "BitFuFuPool"),
    Pool("publicpool", "Public Pool", "https://web.public-pool.io/", 160, 0.1, "Public Pool"),
    Pool("solock", "Solo CK", "https://solo.ckpool.org", 49, 0.1, "Solo CKPool"),
)

_EDGES = tuple(accumulate(pool.weight for pool in POOLS))


def pool_at(share: float) -> int:
    """Index into POOLS for a uniform number below 1."""
    return min(bisect_right(_EDGES, share * _EDGES[-1]), len(POOLS) - 1)
