"""One test for each trap of blocks, tips and audits."""

from __future__ import annotations

import pytest

from exporter.errors import BodyError
from tests.unit.sources.mempool_space import chain_examples as chain
from tests.unit.sources.mempool_space import mining_examples as mining
from tests.unit.sources.mempool_space.reading import endpoint, read, samples


def test_header_times_go_backwards_and_intervals_stay_sane() -> None:
    found = samples("blocks", chain.blocks())
    assert found['blocks_backdated{window="15_blocks"}'] == 1
    assert found["block_interval_recent_seconds"] == 600
    assert found["block_gap_maximum_seconds"] > 0


def test_a_newest_header_before_the_oldest_leaves_the_interval_absent() -> None:
    rows = chain.blocks()
    rows[0]["timestamp"] = chain.FIRST_TIME
    parsed = read("blocks", rows)
    assert "btchealth_block_interval_recent_seconds" not in {sample.metric.name for sample in parsed.samples}
    assert parsed.rejected == {}


def test_match_rates_may_be_null() -> None:
    found = samples("blocks", [chain.block(2)])
    assert found["block_height"] == 900_002
    assert "block_template_match_ratio" not in found


def test_the_utxo_set_may_shrink() -> None:
    rows = [chain.block(number, extras=chain.extras(number, utxoSetChange=-4244)) for number in range(14, -1, -1)]
    assert samples("blocks", rows)['utxos_change{window="15_blocks"}'] == -15 * 4244


def test_fewer_than_fifteen_blocks_describe_only_the_newest() -> None:
    found = samples("blocks", chain.blocks(8))
    assert found.keys() == chain.NEWEST.keys()


def test_a_field_one_of_fifteen_blocks_lacks_leaves_its_mean_absent() -> None:
    rows = chain.blocks()
    rows[5]["weight"] = None
    found = samples("blocks", rows)
    assert 'blocks_fullness_ratio{window="15_blocks"}' not in found
    assert 'blocks_transactions_mean{window="15_blocks"}' in found


def test_new_keys_in_a_block_are_counted_and_cost_nothing() -> None:
    parsed = read("blocks", [chain.block(brandNew=1, extras=chain.extras(alsoNew=None))])
    assert parsed.unknown_fields == 2
    assert parsed.rejected == {}


def test_blocks_without_extras_still_have_a_height() -> None:
    block = chain.block()
    del block["extras"]
    parsed = read("blocks", [block])
    assert parsed.rejected == {"extras": 1}
    assert "btchealth_block_height" in {sample.metric.name for sample in parsed.samples}


def test_control_characters_in_the_coinbase_are_no_fault() -> None:
    assert "\u0003" in chain.extras()["coinbaseSignatureAscii"]
    assert samples("blocks", [chain.block()])


def test_the_newest_blocks_are_at_the_path_without_a_height() -> None:
    assert endpoint("blocks").path == "/api/v1/blocks"


def test_the_tip_is_plain_text() -> None:
    assert samples("tip_height", "698767\n") == {'tip_height{source="mempool_space"}': 698_767}


def test_a_branch_above_the_active_tip_is_not_stale() -> None:
    found = samples("chain_tips", [chain.ACTIVE, chain.tip(900_003, 3, "headers-only")])
    assert found['stale_blocks{window="30d"}'] == 0
    assert "stale_block_last_height" not in found


def test_invalid_branches_are_not_stale() -> None:
    found = samples("chain_tips", [chain.ACTIVE, chain.tip(899_999, 2, "invalid")])
    assert found['stale_blocks{window="30d"}'] == 0
    assert found['chain_tips{status="invalid"}'] == 1


def test_a_branch_across_the_edge_of_the_window_counts_with_its_newer_part() -> None:
    found = samples("chain_tips", [chain.ACTIVE, chain.tip(900_000 - 4320 + 1, 5, "valid-fork")])
    assert found['stale_blocks{window="30d"}'] == 1
    assert found['stale_blocks{window="90d"}'] == 5


def test_a_branch_of_unknown_status_is_no_quiet_month() -> None:
    with pytest.raises(BodyError, match="status"):
        read("chain_tips", [chain.ACTIVE, chain.tip(899_999, 1, "valid-chain")])


def test_a_branch_of_unknown_length_takes_the_counts_of_stale_blocks_away() -> None:
    row = chain.tip(899_999, 1, "valid-fork")
    del row["branchlen"]
    shown = {sample.metric.name for sample in read("chain_tips", [chain.ACTIVE, row]).samples}
    assert shown == {"btchealth_chain_tips"}


def test_stale_tips_are_a_page_and_no_count() -> None:
    rows = [chain.stale(890_000 + number, lost="antpool", won="f2pool") for number in range(25)]
    assert samples("stale_tips", rows)["stale_tips_listed"] == 25
    assert samples("stale_tips", [])["stale_tips_listed"] == 0


def test_audits_are_oldest_first_and_some_blocks_have_none() -> None:
    assert 'template_audit_match_ratio{window="16_blocks"}' in samples("audit_scores", [mining.audit(99)] * 13)
    assert 'template_audit_match_ratio{window="16_blocks"}' not in samples("audit_scores", [mining.audit(99)] * 12)
