"""The API under readers: at a fixed rate beside thousands of idle connections, and with a mix of questions."""

from __future__ import annotations

from typing import Final

from tests.bench.attack import Vegeta
from tests.bench.crowd import SPARE, Crowd, raise_limit
from tests.bench.mix import MIX
from tests.bench.pace import Paced, Punctual
from tests.bench.report import Section, at_least, below
from tests.bench.table import table
from tests.blackbox.machine_room import Program

LATEST: Final = "/api/v2/score/latest"
GZIP: Final = "gzip"
RATE: Final = 10_000
SECONDS: Final = 60
CONNECTIONS: Final = 100
IDLE: Final = 9_900
# Bodies nine times as large are as much as two cores can move: a shorter look, and no target.
PLAIN_RATES: Final = (2_500, 5_000)
PLAIN_SECONDS: Final = 5
MIXED_RATE: Final = 1_000
MIXED_SECONDS: Final = 12
COUNTED: Final = "btchealth_response_cache_{}_total"


def fixed_rate(exporter: Program, punctual: Punctual | None) -> Section:
    if punctual is None:
        return Section("Go is not installed: nothing was measured.", (at_least(_WHAT, RATE, None),))
    url, crowd = f"{exporter.url}{LATEST}", Crowd(exporter.url)
    idle = min(IDLE, raise_limit() - CONNECTIONS - SPARE)
    punctual.ask(url, 1_000, 2, CONNECTIONS, GZIP)
    crowd.open(idle)
    try:
        told = punctual.ask(url, RATE, SECONDS, CONNECTIONS, GZIP)
        left = crowd.still_open()
    finally:
        crowd.close()
    # Until the last of the crowd has left.
    punctual.ask(url, 1_000, 2, CONNECTIONS, GZIP)
    rows = [(GZIP, f"{RATE:,}", SECONDS, f"{left:,}", *_said(told))]
    rows += [
        ("none", f"{rate:,}", PLAIN_SECONDS, "0", *_said(punctual.ask(url, rate, PLAIN_SECONDS, CONNECTIONS)))
        for rate in PLAIN_RATES
    ]
    head = (
        "encoding", "asked a second", "seconds", "idle connections at the end", "answered a second", "status 200",
        "median ms", "p99 ms", "longest ms", "processors of the client",
    )  # fmt: skip
    command = f"punctual -rate {RATE} -connections {CONNECTIONS} -seconds {SECONDS} -encoding {GZIP}"
    note = (
        f"`{command}` (tests/bench/punctual) asks for {LATEST} on time, answered or not; times count"
        " from when a request was due. Rate limits are on with a ceiling above that. Clients that take gzip are the"
        " rule: browsers, Prometheus, Grafana, and the HTTP libraries of Go and Python ask for it by themselves."
    )
    targets = (
        at_least(_WHAT, RATE * 0.999, told.rate, ",.0f"),
        below("p99 then, ms", 100, told.p99),
        at_least("idle connections that stayed open meanwhile", IDLE, left, ",.0f"),
    )
    return Section(f"{note}\n\n{table(head, rows)}", targets)


_WHAT: Final = f"{LATEST} at a fixed rate for {SECONDS} s over {CONNECTIONS} connections, answers a second"


def _said(told: Paced) -> tuple[str, ...]:
    times = (f"{one:.1f}" for one in (told.median, told.p99, told.longest))
    return (f"{told.rate:,.0f}", f"{told.success:.1%}", *times, f"{told.cpu:.2f}")


def mixed(exporter: Program, vegeta: Vegeta | None) -> Section:
    what = "share of requests answered from the response cache, mixed load"
    if vegeta is None:
        return Section("Go is not installed: nothing was measured.", (at_least(what, 0.9, None),))
    urls = [f"{exporter.url}{path}" for weight, path in MIX for _ in range(weight)]
    before = _counts(exporter)
    # In turn through a list sorted by its halves, so that no question comes in a row.
    told = vegeta.attack([*urls[::3], *urls[1::3], *urls[2::3]], MIXED_RATE, MIXED_SECONDS)
    after = _counts(exporter)
    rows = []
    for handler, (requests, hits) in after.items():
        asked, found = requests - before[handler][0], hits - before[handler][1]
        if asked:
            rows.append((handler, f"{asked:,.0f}", f"{found:,.0f}", f"{found / asked:.2%}"))
    asked, found = (
        sum(one[part] for one in after.values()) - sum(one[part] for one in before.values()) for part in (0, 1)
    )
    rows.append(("all", f"{asked:,.0f}", f"{found:,.0f}", f"{found / asked:.2%}"))
    note = (
        f"{MIXED_RATE:,} requests a second for {MIXED_SECONDS} s as declared in tests/bench/mix.py, which locust reads"
        f" too (tests/bench/locustfile.py). p99 {told.p99:.1f} ms, {told.success:.1%} answered with status 200."
        " Hits as the exporter counts them."
    )
    return Section(
        f"{note}\n\n{table(('handler', 'requests', 'hits', 'share'), rows)}",
        (at_least(what, 0.9, found / asked, ".3f"),),
    )


def _counts(exporter: Program) -> dict[str, tuple[float, float]]:
    """Requests and hits by handler."""
    samples = exporter.scrape().samples
    prefix = COUNTED.format("requests") + '{handler="'
    handlers = [key.removeprefix(prefix).removesuffix('"}') for key in samples if key.startswith(prefix)]
    return {
        one: (samples[f'{prefix}{one}"}}'], samples[f'{COUNTED.format("hits")}{{handler="{one}"}}']) for one in handlers
    }
