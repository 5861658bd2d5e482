"""Ways in which answers of node crawlers mislead, each with the body that does it."""

from __future__ import annotations

import pytest

from exporter.errors import BodyError, Reason
from exporter.payload import Notes
from exporter.sources.bitnodes import SOURCE
from exporter.sources.bitnodes.networks import family_of, network_of
from exporter.sources.bitnodes.snapshot import snapshot
from exporter.sources.bitnodes.summary import snapshots, summary
from exporter.spec import DAY, Endpoint
from tests.unit.sources.bitnodes import examples
from tests.unit.sources.bitnodes.examples import HEIGHT, NODES, TIME, row


def values(endpoint: Endpoint, body: str) -> dict[str, float]:
    return {
        sample.key.removeprefix("btchealth_nodes_"): sample.value for sample in endpoint.read(body.encode()).samples
    }


def test_user_agents_come_in_percent_and_systems_as_counts() -> None:
    found = values(summary, examples.summary())
    assert found["client_top_share_ratio"] == 0.4, "40.0 of top_user_agents"
    assert found['autonomous_system_top_share_ratio{top="1"}'] == 450 / 4000, "450 of top_asns"


def test_hidden_networks_are_no_autonomous_systems_and_not_part_of_the_whole() -> None:
    without_metadata = values(summary, examples.summary(metadata=...))
    assert without_metadata['autonomous_system_top_share_ratio{top="1"}'] == pytest.approx(450 / (10_000 - 5900))


def test_eight_systems_are_absent_where_fewer_are_listed() -> None:
    top = {**examples.TOP, "top_asns": examples.TOP["top_asns"][:5]}
    found = values(summary, examples.summary(top=top))
    assert 'autonomous_system_top_share_ratio{top="3"}' in found
    assert 'autonomous_system_top_share_ratio{top="8"}' not in found


def test_node_modes_are_inverted_and_left_out() -> None:
    swapped = {**examples.METADATA, "node_modes": {"full": 9900, "pruned": 100}}
    assert values(summary, examples.summary(metadata=swapped)) == values(summary, examples.summary())


def test_networks_that_do_not_add_up_are_refused_and_the_rest_lives_on() -> None:
    networks = {**examples.METADATA["networks"], "tor": 4000}
    parsed = summary.read(examples.summary(metadata={**examples.METADATA, "networks": networks}).encode())
    found = {sample.metric.name for sample in parsed.samples}
    assert parsed.rejected == {"networks": 1}
    assert "btchealth_nodes_network_nodes" not in found
    assert "btchealth_nodes_autonomous_system_top_share_ratio" in found


@pytest.mark.parametrize("unknown", [{}, {"i2p": None, "cjdns": None}])
def test_of_a_network_that_the_crawler_does_not_visit_nothing_is_said(unknown: dict[str, None]) -> None:
    networks = {"tor": 6000, "ipv4": 3500, "ipv6": 500, **unknown}
    found = values(summary, examples.summary(metadata={**examples.METADATA, "networks": networks}))
    assert found['network_share_ratio{network="onion"}'] == 0.6
    assert 'network_nodes{network="i2p"}' not in found
    assert 'network_share_ratio{network="cjdns"}' not in found
    assert "network_entropy_ratio" not in found


def test_a_network_without_nodes_has_none() -> None:
    networks = {"tor": 6000, "ipv4": 3500, "ipv6": 500, "i2p": 0, "cjdns": 0}
    found = values(summary, examples.summary(metadata={**examples.METADATA, "networks": networks}))
    assert found['network_nodes{network="i2p"}'] == 0
    assert found["network_entropy_ratio"] == pytest.approx(examples.evenness(0.6, 0.35, 0.05, classes=5))


def test_without_the_count_of_a_clearnet_network_shares_of_operators_are_of_what_is_not_hidden() -> None:
    networks = {"tor": 6000, "ipv4": 4000}
    found = values(summary, examples.summary(metadata={**examples.METADATA, "networks": networks}))
    assert 'autonomous_system_top_share_ratio{top="1"}' in found


def test_without_a_total_nothing_is_a_share_of_it() -> None:
    found = values(summary, examples.summary(total_nodes="many"))
    assert found == {"snapshot_height": HEIGHT, "crawl_coverage_ratio": 0.975}


def test_a_summary_without_agents_says_nothing_of_clients() -> None:
    found = values(summary, examples.summary(top={**examples.TOP, "top_user_agents": []}))
    assert not [name for name in found if name.startswith("client")]


def test_heights_are_polluted_by_other_chains_so_no_crawl_is_a_tip() -> None:
    names = {metric.name for endpoint in SOURCE.endpoints for metric in endpoint.origins}
    assert "btchealth_tip_height" not in names
    assert values(summary, examples.summary(latest_height=976_430))["snapshot_height"] == 976_430


def test_relative_urls_of_the_successor_are_not_read() -> None:
    assert values(snapshots, examples.crawls(25_941)) == {
        "recent_median": 25_941,
        "recent_minimum": 25_941,
        "recent_maximum": 25_941,
    }


def test_the_wait_of_seventeen_hours_is_passed_on() -> None:
    with pytest.raises(BodyError) as caught:
        summary.read(b'{"detail":"Request was throttled. Expected available in 63768 seconds."}')
    assert caught.value.reason is Reason.RATE_LIMITED
    assert caught.value.retry_after == 63_768


def test_all_endpoints_together_fit_ten_requests_a_day_with_retries() -> None:
    planned = sum(DAY / endpoint.interval for endpoint in SOURCE.endpoints)
    refilled = DAY / SOURCE.budget.every
    assert planned <= refilled
    assert SOURCE.budget.burst + refilled <= 10


def test_the_operator_stands_in_column_eleven_and_the_longitude_in_nine() -> None:
    nodes = {f"192.0.2.{host}:8333": row(system=f"AS{host}") for host in range(1, 5)}
    found = values(snapshot, examples.snapshot(nodes))
    assert found["autonomous_systems"] == 4, "they share one longitude"


def test_tor_rows_have_no_place_and_are_known_by_their_address() -> None:
    found = values(snapshot, examples.snapshot({"abc.onion:8333": examples.TOR_ROW}))
    assert found['listed_network_nodes{network="onion"}'] == 1
    assert "autonomous_systems" not in found
    assert "countries" not in found


def test_five_columns_know_neither_place_nor_operator() -> None:
    short = {address: columns[:5] for address, columns in NODES.items()}
    parsed = snapshot.read(examples.snapshot(short).encode())
    found = {sample.metric.name for sample in parsed.samples}
    assert parsed.rejected == {}
    assert "btchealth_nodes_client_versions" in found
    assert "btchealth_nodes_countries" not in found


def test_four_columns_in_an_unknown_order_only_count_as_nodes() -> None:
    found = values(snapshot, examples.snapshot({"192.0.2.1:8333": [1, 2, 3, 4]}))
    assert {name for name in found if not name.startswith("listed")} == set()
    assert found["listed"] == 1


def test_height_zero_means_unknown() -> None:
    nodes = {"192.0.2.1:8333": row(height=0), "192.0.2.2:8333": row()}
    assert values(snapshot, examples.snapshot(nodes))["lagging_ratio"] == 0
    assert "lagging_ratio" not in values(snapshot, examples.snapshot({"192.0.2.1:8333": row(height=0)}))


@pytest.mark.parametrize(
    ("address", "columns"),
    [
        pytest.param("nobody", row(), id="an address of no known network"),
        pytest.param("192.0.2.1:8333", "a row", id="a row that is no list"),
        pytest.param("192.0.2.1:8333", [70016, None, TIME, 1, HEIGHT], id="no user agent"),
        pytest.param("192.0.2.1:8333", [70016, "/a/", "yesterday", 1, HEIGHT], id="no time"),
        pytest.param("192.0.2.1:8333", [70016, "/a/", TIME, 1.5, HEIGHT], id="half a service"),
        pytest.param("192.0.2.1:8333", [70016, "/a/", TIME, True, HEIGHT], id="a truth in place of a number"),
        pytest.param("192.0.2.1:8333", [70016, "/a/", TIME, 1, -1], id="a height below genesis"),
    ],
)
def test_a_strange_row_costs_only_itself(address: str, columns: object) -> None:
    parsed = snapshot.read(examples.snapshot({address: columns, "192.0.2.9:8333": row()}).encode())
    assert parsed.rejected == {"nodes": 1}
    assert {sample.key: sample.value for sample in parsed.samples}["btchealth_nodes_client_versions"] == 1


def test_a_full_crawl_is_read_in_pieces_of_any_size() -> None:
    body = examples.snapshot().encode()
    assert snapshot.reducer is not None
    tallies = []
    for size in (1, 7, 64, len(body)):
        reducer = snapshot.reducer()
        for start in range(0, len(body), size):
            reducer.feed(body[start : start + size])
        tallies.append(reducer.finish(Notes()))
    assert all(one == tallies[0] for one in tallies)
    assert snapshot.read(body).samples == tuple(filter(None, snapshot.parse(tallies[0])))


def test_a_full_crawl_is_off_unless_asked_for() -> None:
    assert snapshot.enabled is False


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1:8333", "ipv4"),
        ("[2001:db8::1]:8333", "ipv6"),
        ("[fc32:17ea::1]:8333", "cjdns"),
        ("abc.onion:8333", "onion"),
        ("abc.b32.i2p:0", "i2p"),
        ("host.example:8333", None),
        ("", None),
    ],
)
def test_network_of_an_address(address: str, network: str | None) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("/Satoshi:31.0.0/", "core"),
        ("/Satoshi:22.0.0(FutureBit-Apollo-Node)/", "core"),
        ("/Satoshi:29.3.0/Knots:20260507/", "knots"),
        ("/Satoshi:0.14.2/UASF-Segwit:0.3(BIP148)/", "other"),
        ("/BitcoinUnlimited:0.12.1(EB16; AD4)/", "other"),
        ("", "other"),
    ],
)
def test_family_of_a_user_agent(agent: str, family: str) -> None:
    assert family_of(agent) == family
