"""What each indicator's panel asks, and the raw series that explain a pillar beside its indicators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

# An indicator without a question here asks with its own title.
QUESTIONS: Final[Mapping[str, str]] = {
    "hashrate_quarter": "How far is the hash rate below its 90-day high?",
    "hashrate_year": "How far is the hash rate below its high of the year?",
    "hashprice": "Does a hash earn what it did in an ordinary day of the year?",
    "miner_revenue": "Do miners earn what they did in an ordinary day of the year?",
    "difficulty_change": "Did the last retarget take difficulty away?",
    "block_pace_week": "Were this week's blocks on time?",
    "fee_share": "How much of miners' income is fees?",
    "stale_rate": "How many blocks were wasted?",
    "fork_depth": "How deep was the deepest reorganisation?",
    "invalid_blocks": "Did anybody mine an invalid block?",
    "pool_concentration": "How concentrated is mining?",
    "pool_largest": "How large is the largest pool owner?",
    "pool_two_largest": "How large are the two largest together?",
    "pool_nakamoto": "How many owners make a majority?",
    "node_host_largest": "How many nodes sit with the largest host?",
    "node_hosts_eight": "How many nodes sit with the eight largest hosts?",
    "node_networks": "How evenly do nodes spread over networks?",
    "node_client": "How many nodes run the same implementation?",
    "fee_usd": "What does a transaction cost in dollars?",
    "fee_density": "What does room in a block cost?",
    "fee_shock": "Are fees out of the ordinary?",
    "backlog": "How many blocks would clear the mempool?",
    "next_block_fee": "What does the next block cost?",
    "confirmation_time": "How long does a confirmation take?",
    "block_pace_day": "Were today's blocks on time?",
    "transactions": "Are there as many transactions as usual?",
    "addresses": "Are as many addresses active as usual?",
    "transfer_value": "Does as much value move as usual?",
    "utxo_growth": "Does the set of unspent outputs grow?",
    "segwit_share": "How many transactions spend SegWit?",
    "outputs_per_transaction": "How many payments share a transaction?",
    "lightning_capacity": "How much of the year's highest capacity is left?",
    "lightning_capacity_growth": "Does capacity grow?",
    "lightning_channels": "How many of the year's most channels are left?",
    "lightning_channels_growth": "Does the number of channels grow?",
    "lightning_nodes": "How many of the year's most nodes are left?",
    "lightning_top_capacity": "How much do the ten largest nodes hold?",
    "lightning_provider": "How much sits with the largest hosting provider?",
    "lightning_country": "How many nodes are in one country?",
}


class AlertLimit(NamedTuple):
    """The alert that acts on an indicator's quantity, and the threshold it compares with."""

    alert: str
    threshold: str


ALERT_LIMITS: Final[Mapping[str, AlertLimit]] = {
    "hashrate_quarter": AlertLimit("BtcHealthHashrateDrop", "hashrate_fall_ratio"),
    "hashprice": AlertLimit("BtcHealthHashpriceLow", "hashprice_low_ratio"),
    "stale_rate": AlertLimit("BtcHealthStaleRateHigh", "stale_ratio"),
    "pool_largest": AlertLimit("BtcHealthPoolShareHigh", "pool_share_high_ratio"),
    "pool_nakamoto": AlertLimit("BtcHealthPoolNakamotoLow", "nakamoto_low_pools"),
    "node_host_largest": AlertLimit("BtcHealthNodeAsConcentrationHigh", "autonomous_system_high_ratio"),
    "backlog": AlertLimit("BtcHealthMempoolBacklog", "backlog_blocks"),
    "transactions": AlertLimit("BtcHealthTransactionCountDrop", "transactions_fall_ratio"),
    "segwit_share": AlertLimit("BtcHealthSegwitShareDrop", "segwit_low_ratio"),
    "lightning_capacity_growth": AlertLimit("BtcHealthLightningCapacityDrop", "lightning_capacity_fall_ratio"),
}


class Raw(NamedTuple):
    """A panel of raw series: legend to selector without prefix, and what is unusual about the panel."""

    question: str
    series: Mapping[str, str]
    options: Mapping[str, Any] = {}


RAW: Final[Mapping[str, tuple[Raw, ...]]] = {
    "security": (
        Raw("How much is hashing?", {
            "7-day mean": 'hashrate_hashes_per_second{window="7d"}',
            "Newest day": 'hashrate_hashes_per_second{window="24h"}',
            "What the difficulty stands for": "hashrate_expected_hashes_per_second",
        }),
        Raw("How difficult is it?", {"{{source}}": "difficulty"}, {"unit": "sishort", "decimals": 2}),
        Raw("What will the next retarget do?", {
            "Expected": "difficulty_expected_change_ratio", "Last": "difficulty_last_change_ratio",
        }),
        Raw("How long does a block take?", {
            "This epoch": "block_interval_epoch_seconds",
            "Newest 15": "block_interval_recent_seconds",
            "Longest of 15": "block_gap_maximum_seconds",
        }),
        Raw("What does a hash earn?", {
            "Per PH/s and day": "hashprice_usd_per_petahash_day",
            "Median of 365 days": 'hashprice_median_usd_per_petahash_day{window="365d"}',
        }),
        Raw("What do miners earn in a day?", {
            "144 blocks": 'miner_revenue_usd{window="24h"}',
            "Median of 365 days": 'miner_revenue_median_usd{window="365d"}',
        }, {"unit": "currencyUSD", "decimals": 1}),
        Raw("How many blocks until the retarget?", {"Blocks": "difficulty_remaining_blocks"}, {"decimals": 0}),
        Raw("How many blocks until the halving?", {"Blocks": "halving_remaining_blocks"}, {"decimals": 0}),
        Raw("How many blocks were lost to races?", {
            "30 days": 'stale_blocks{window="30d"}', "90 days": 'stale_blocks{window="90d"}',
        }, {"minimum": 0, "decimals": 0}),
        Raw("Do observers see the same tip?", {
            "Sources": "tip_height_disagreement_blocks",
            "Nodes of fork.observer": "fork_observer_tip_spread_blocks",
            "Nodes of ForkMonitor": "forkmonitor_tip_spread_blocks",
        }, {"minimum": 0, "decimals": 0}),
    ),
    "decentralization": (
        Raw("How do groupings change the picture?", {
            "{{grouping}}": 'mining_pool_herfindahl_ratio{window="7d"}',
        }, {"minimum": 0}),
        Raw("How many blocks have no known miner?", {
            "7 days": 'mining_pool_unknown_share_ratio{window="7d"}',
            "24 hours": 'mining_pool_unknown_share_ratio{window="24h"}',
        }, {"minimum": 0}),
        Raw("Does one pool find many blocks in a row?", {
            "Longest run of 15 blocks": 'mining_pool_longest_run_blocks{window="15_blocks"}',
        }, {"minimum": 0, "decimals": 0}),
        Raw("Do miners leave transactions out?", {
            "Match of templates, 15 blocks": 'template_match_ratio{window="15_blocks"}',
            "Match of audits, 16 blocks": 'template_audit_match_ratio{window="16_blocks"}',
        }, {"maximum": 1}),
        Raw("How many nodes are reachable?", {"Reachable": "nodes_reachable"}, {"decimals": 0}),
        Raw("Over which networks?", {"{{network}}": "nodes_network_share_ratio"}, {"minimum": 0}),
        Raw("Which implementations?", {"{{family}}": "nodes_client_family_share_ratio"}, {"minimum": 0}),
        Raw("How concentrated is hosting?", {
            "Largest {{top}}": "nodes_autonomous_system_top_share_ratio",
        }, {"minimum": 0}),
    ),
    "throughput": (
        Raw("What do fees look like?", {"{{target}}": "fee_estimate_satoshis_per_vbyte"}, {"minimum": 0}),
        Raw("What does an ordinary payment cost?", {"{{target}}": "payment_fee_usd"}, {"minimum": 0}),
        Raw("How much is waiting?", {"Virtual size": "mempool_vbytes"}, {"minimum": 0}),
        Raw("At which fee rates does it wait?", {
            "{{band}} sat/vB": "mempool_band_vbytes",
        }, {"minimum": 0}),
        Raw("How many transactions wait?", {"Waiting": "mempool_transactions"}, {"minimum": 0, "decimals": 0}),
        Raw("How fast do they arrive?", {
            "Newest": "mempool_inflow_vbytes_per_second",
            "Mean of 24 hours": 'mempool_inflow_mean_vbytes_per_second{window="24h"}',
        }, {"minimum": 0}),
        Raw("What would the next blocks ask for?", {
            "Block {{position}}": "projected_block_median_fee_satoshis_per_vbyte",
        }, {"minimum": 0}),
        Raw("Are blocks full?", {
            "Newest 15": 'blocks_fullness_ratio{window="15_blocks"}', "Newest": "block_weight_ratio",
        }, {"minimum": 0, "maximum": 1}),
        Raw("How many transactions are confirmed a second?", {
            "24 hours": 'transactions_per_second{window="24h"}',
        }, {"minimum": 0, "decimals": 1, "unit": "none"}),
    ),
    "adoption": (
        Raw("How many transactions a day?", {
            "7-day mean": 'daily_transactions_mean{window="7d"}',
            "Newest day": "daily_transactions",
            "Median of 365 days": 'daily_transactions_median{window="365d"}',
        }, {"decimals": 0}),
        Raw("How many active addresses a day?", {
            "7-day mean": 'daily_addresses_mean{window="7d"}',
            "Newest day": "daily_addresses",
            "Median of 365 days": 'daily_addresses_median{window="365d"}',
        }, {"decimals": 0}),
        Raw("How much value moves a day?", {
            "7-day mean": 'daily_transfer_mean_usd{window="7d"}',
            "Newest day": "daily_transfer_usd",
            "Median of 365 days": 'daily_transfer_median_usd{window="365d"}',
        }, {"decimals": 1}),
        Raw("How many outputs are unspent?", {
            "Now": "utxos", "Maximum of 365 days": 'utxos_maximum{window="365d"}',
        }, {"decimals": 0}),
        Raw("How much of a block is SegWit?", {
            "Of transactions": 'segwit_transactions_ratio{window="15_blocks"}',
            "Of weight": 'segwit_weight_ratio{window="15_blocks"}',
        }, {"minimum": 0, "maximum": 1}),
        Raw("What does a transaction look like?", {
            "Inputs": 'inputs_per_transaction{window="15_blocks"}',
            "Outputs": 'outputs_per_transaction{window="15_blocks"}',
        }, {"minimum": 0, "decimals": 2, "unit": "none"}),
        Raw("Do people have to raise their fees?", {
            "Replaced transactions": "replacement_trees", "Full replacements": "full_replacement_trees",
        }, {"minimum": 0, "decimals": 0}),
        Raw("How volatile is the price?", {"{{window}}": "price_volatility_ratio"}, {"minimum": 0}),
        Raw("How has the price changed?", {"{{window}}": "price_change_ratio"}),
    ),
    "lightning": (
        Raw("How much can be routed?", {
            "Now": "lightning_capacity_bitcoins",
            "Maximum of 365 days": 'lightning_capacity_maximum_bitcoins{window="365d"}',
        }, {"decimals": 0}),
        Raw("How many channels?", {
            "Now": "lightning_channels", "Maximum of 365 days": 'lightning_channels_maximum{window="365d"}',
        }, {"decimals": 0}),
        Raw("How many nodes?", {
            "Now": "lightning_nodes", "Maximum of 365 days": 'lightning_nodes_maximum{window="365d"}',
        }, {"decimals": 0}),
        Raw("What does routing cost?", {
            "Mean": "lightning_fee_rate_mean_ratio", "Median": "lightning_fee_rate_median_ratio",
        }, {"minimum": 0, "decimals": 3}),
        Raw("How large is a channel?", {
            "Mean": "lightning_channel_capacity_mean_bitcoins", "Median": "lightning_channel_capacity_median_bitcoins",
        }, {"minimum": 0, "decimals": 4}),
        Raw("Who can see a node's address?", {"{{class}}": "lightning_class_nodes"}, {"minimum": 0, "decimals": 0}),
        Raw("How much do the largest nodes hold?", {
            "Largest {{top}}": "lightning_top_capacity_ratio",
        }, {"minimum": 0}),
        Raw("Where is the capacity?", {
            "Only Tor": "lightning_tor_capacity_ratio", "Clearnet": "lightning_clearnet_capacity_ratio",
        }, {"minimum": 0}),
        Raw("How much of all bitcoins is on Lightning?", {"Share": "lightning_supply_ratio"}, {"decimals": 3}),
    ),
}  # fmt: skip
