"""How far blocks agree with the templates the backend had projected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Number, Part, Payload
from exporter.sources.mempool_space.bounds import MONEY, SHARES
from exporter.sources.mempool_space.units import bitcoins, mean, ratio
from exporter.spec import MINUTE, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import WINDOW_MINIMUM_RATIO

BLOCKS: Final = 16
_WINDOW: Final = "16_blocks"
_LABELS: Final = {"window": (_WINDOW,)}

AUDITED = Metric(
    "btchealth_template_audits",
    "Audited blocks among the newest 16. The other template figures need 13 of them.",
    bounds=(0.0, float(BLOCKS)),
    labels=_LABELS,
    group=Group.DECENTRALIZATION,
    raw_only="tells why the template figures are absent",
)
MATCH = Metric(
    "btchealth_template_audit_match_ratio",
    "Mean over the newest 16 blocks of the part of the projected block they contain. Low values mean censorship, "
    "private transactions or slow pools.",
    Unit.RATIO,
    bounds=SHARES,
    labels=_LABELS,
    group=Group.DECENTRALIZATION,
)
LOWEST = Metric(
    "btchealth_template_audit_match_minimum_ratio",
    "Lowest part of the projected block that one of the newest 16 blocks contains. 0 for an empty block.",
    Unit.RATIO,
    bounds=SHARES,
    labels=_LABELS,
    group=Group.DECENTRALIZATION,
)
EXPECTED_FEES = Metric(
    "btchealth_template_expected_fees_mean_bitcoins",
    "Mean fees of the projected blocks in place of the newest 16.",
    Unit.BITCOINS,
    bounds=MONEY,
    labels=_LABELS,
    group=Group.DECENTRALIZATION,
)


class Audit(Payload):
    UNUSED = frozenset({"hash", "expectedWeight"})

    matchRate: Annotated[float | None, Number(0, 100)] = None
    expectedFees: Annotated[float | None, Number(0, 2.1e15, required=False)] = None


@endpoint(
    "/api/v1/mining/blocks/audit/scores",
    list[Annotated[Audit | None, Part()]],
    {AUDITED: "body", MATCH: "matchRate", LOWEST: "matchRate", EXPECTED_FEES: "expectedFees"},
    interval=5 * MINUTE,
    period=10 * MINUTE,
)
def audit_scores(rows: list[Audit | None]) -> Iterator[Sample | None]:
    """Oldest first; blocks that were not audited are missing."""
    if not rows:
        raise BodyError(Reason.EMPTY, "no audited block")
    if len(rows) > BLOCKS:
        raise BodyError(Reason.INCONSISTENT, f"{len(rows)} audits, expected at most {BLOCKS}")
    matches = [row.matchRate for row in rows if row and row.matchRate is not None]
    if len(matches) < len(rows):
        return  # the one that cannot be read may be the lowest
    fees = [row.expectedFees for row in rows if row and row.expectedFees is not None]
    yield AUDITED(len(matches), window=_WINDOW)
    if len(matches) >= WINDOW_MINIMUM_RATIO * BLOCKS:
        yield MATCH(ratio(mean(matches)), window=_WINDOW)
        yield LOWEST(ratio(min(matches)), window=_WINDOW)
        yield EXPECTED_FEES(bitcoins(mean(fees)), window=_WINDOW)
