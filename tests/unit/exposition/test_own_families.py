import json
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Metric
from prometheus_client.registry import Collector

from exporter.build import UNKNOWN, Build, build
from exporter.cache import Cache
from exporter.exposition.loop_lag import LoopLag
from exporter.exposition.own_families import Own
from exporter.exposition.page import Choice, Family, Form, Kind, Page, Part
from exporter.exposition.process import collected, process_collectors
from exporter.exposition.publication import Publication
from exporter.service import Reloads
from exporter.slices import in_one_go
from exporter.web.meter import Meter

BOUNDS = ("0.001", "0.005", "0.025", "0.1", "0.5", "+Inf")
BUILD = Build("1.2.3", "abc", "main", "3.11.7")


async def never(_seconds: float) -> None:
    raise AssertionError("nobody sleeps here")


def own(meter: Meter | None, collectors: Iterable[Collector] = ()) -> Own:
    storage: Any = SimpleNamespace(failures=2)
    return Own(
        BUILD, lambda: Reloads(successful=False, success_time=7.0), lambda: True, Cache([]).figures, storage,
        tuple(collectors), meter, LoopLag(lambda: 0.0, never),
    )  # fmt: skip


def page(families: Iterable[Family]) -> str:
    return Page(Part(), Part().updated(families)).bytes_of(Form.TEXT).decode()


def test_what_the_process_says_of_itself() -> None:
    text = page(own(None)())
    assert (
        'btchealth_exporter_build_info{version="1.2.3",revision="abc",branch="main",pythonversion="3.11.7"} 1' in text
    )
    assert "btchealth_exporter_config_last_reload_successful 0\n" in text
    assert "btchealth_exporter_config_last_reload_success_timestamp_seconds 7\n" in text
    assert "btchealth_exporter_web_config_last_reload_successful 1\n" in text
    assert 'btchealth_cache_requests_total{tier="redis"} 0\n' in text
    assert 'btchealth_cache_hits_total{tier="memory"} 0\n' in text
    assert "btchealth_storage_failures_total 2\n" in text


def test_requests_and_resources_can_be_left_out() -> None:
    assert "http_requests" not in page(own(None, process_collectors())())
    assert "process_" not in page(own(None, process_collectors())())
    assert "event_loop" not in page(own(None, process_collectors())())
    with_all = page(own(Meter(), process_collectors())())
    assert "process_resident_memory_bytes" in with_all
    assert "python_info{" in with_all
    assert "btchealth_event_loop_lag_seconds_count 0\n" in with_all


def test_cpu_time_moves_in_steps_finer_than_the_kernels_ticks() -> None:
    def spent() -> float:
        return next(
            family.series[0].value
            for family in collected(process_collectors())
            if family.name == "process_cpu_seconds_total"
        )

    before = spent()
    sum(number * number for number in range(20_000))
    assert before < spent()


def test_no_creation_times_and_counters_end_in_total() -> None:
    """A fault of client_python's own server: `_created` doubles every counter."""
    registry = CollectorRegistry()
    Counter("x", "X.", ["a"], registry=registry).labels("1").inc(3)
    Gauge("y_bytes", "Y.", registry=registry).set(1)
    made = {family.name: family for family in collected([registry])}
    assert made["x_total"].kind is Kind.COUNTER
    assert [(one.labels, one.value) for one in made["x_total"].series] == [((("a", "1"),), 3.0)]
    assert made["y_bytes"].kind is Kind.GAUGE
    assert "_created" not in page(made.values())


def test_a_collector_without_describe_is_found_by_name() -> None:
    """A fault of client_python's own server: `name[]` then returns nothing."""

    class Bare(Collector):
        def collect(self) -> Iterable[Metric]:
            metric = Metric("bare", "Bare.", "gauge")
            metric.add_sample("bare", {}, 1.0)
            yield metric

    text = Publication(lambda: collected([Bare()]), lambda: 0.0).page()
    assert b"bare 1" in in_one_go(text.filtering(Form.TEXT, Choice(names=frozenset({"bare"}))))


def checkout(folder: Path, head: str, references: dict[str, str]) -> Path:
    package = folder / "exporter"
    package.mkdir()
    git = folder / ".git"
    git.mkdir()
    (git / "HEAD").write_text(head)
    for name, text in references.items():
        (git / name).parent.mkdir(parents=True, exist_ok=True)
        (git / name).write_text(text)
    return package


@pytest.mark.parametrize(
    ("head", "references", "want"),
    [
        ("ref: refs/heads/main\n", {"refs/heads/main": "abc123\n"}, ("abc123", "main")),
        (
            "ref: refs/heads/a/b\n",
            {"packed-refs": "# pack\nfff refs/heads/x\nabc123 refs/heads/a/b\n"},
            ("abc123", "a/b"),
        ),
        ("ref: refs/heads/new\n", {}, (UNKNOWN, "new")),
        ("abc123\n", {}, ("abc123", UNKNOWN)),
    ],
)
def test_revision_and_branch_come_from_the_checkout(
    tmp_path: Path, head: str, references: dict[str, str], want: tuple[str, str]
) -> None:
    found = build(checkout(tmp_path, head, references))
    assert (found.revision, found.branch) == want


def test_an_image_states_its_revision(tmp_path: Path) -> None:
    (tmp_path / "build.json").write_text(json.dumps({"revision": "abc", "branch": "release"}))
    found = build(tmp_path)
    assert (found.revision, found.branch) == ("abc", "release")
    assert str(found).startswith("btc-health ")


def test_without_checkout_and_stamp_the_revision_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "exporter").mkdir()
    assert build(tmp_path / "exporter").revision == UNKNOWN


def counted(meter: Meter) -> dict[str, float]:
    text = page(meter.families())
    pairs = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {selector.removeprefix("btchealth_http_request"): float(value) for selector, _, value in pairs}


def test_requests_are_counted_from_zero_by_handler_method_and_code() -> None:
    meter = Meter()
    meter.expect([("metrics", "GET", 200), ("metrics", "GET", 503)])
    meter.tally("metrics", "GET").count(200, 0.003, None)
    meter.tally("metrics", "GET").count(200, 0.5, None)
    meter.tally("metrics", "GET").count(200, 0.6, None)
    shown = counted(meter)
    assert shown['s_total{handler="metrics",method="GET",code="200"}'] == 3
    assert shown['s_total{handler="metrics",method="GET",code="503"}'] == 0
    labels = 'handler="metrics",method="GET"'
    buckets = [shown[f'_duration_seconds_bucket{{{labels},le="{bound}"}}'] for bound in BOUNDS]
    assert buckets == [0, 1, 1, 1, 2, 3]
    assert shown[f"_duration_seconds_sum{{{labels}}}"] == pytest.approx(1.103)
    assert shown[f"_duration_seconds_count{{{labels}}}"] == 3


def test_methods_that_no_page_knows_share_one_label() -> None:
    meter = Meter()
    for method in ("DELETE", "BREW", "PROPFIND"):
        meter.tally("not_found", method).count(404, 0.0, None)
    assert counted(meter)['s_total{handler="not_found",method="other",code="404"}'] == 3


def test_answers_that_can_be_kept_are_counted_from_zero_with_their_hits() -> None:
    meter = Meter()
    meter.expect([("sources", "GET", 200), ("sources", "GET", 304), ("landing", "GET", 200)])
    for kept in (False, True, True, None):
        meter.tally("sources", "GET").count(200, 0.001, kept)
    text = page(meter.families())
    assert 'btchealth_response_cache_requests_total{handler="sources"} 3\n' in text
    assert 'btchealth_response_cache_hits_total{handler="sources"} 2\n' in text
    assert 'cache_requests_total{handler="landing"}' not in text
