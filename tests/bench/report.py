"""What a measurement says: a section of the page, and whether each target was met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.table import machine, table

VERDICTS: Final = "Targets"
NOT_MEASURED: Final = "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """`wanted` and `measured` as people read them."""

    what: str
    wanted: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Section:
    body: str
    targets: Sequence[Target] = ()


def at_least(what: str, least: float, value: float | None, form: str = ",.2f") -> Target:
    measured = NOT_MEASURED if value is None else format(value, form)
    return Target(what, f"at least {least:,g}", measured, value is not None and value >= least)


def below(what: str, limit: float, value: float | None, form: str = ",.1f") -> Target:
    measured = NOT_MEASURED if value is None else format(value, form)
    return Target(what, f"below {limit:,g}", measured, value is not None and value < limit)


def document(sections: Iterable[tuple[str, Section]], load: float) -> str:
    """`load`: average when the measurement began; what others did on the machine meanwhile is in every figure."""
    made = list(sections)
    verdicts = [
        (target.what, target.wanted, target.measured, "yes" if target.met else "no")
        for _, section in made
        for target in section.targets
    ]
    parts = [
        "# Performance",
        f"Written by `make bench`, all of it measured in one run. Machine: {machine()}.",
        f"Load average when it began: {load:.1f}. Whatever else the machine did then is in these figures.",
        "`python -m tests.bench --only TITLE` repeats the sections whose title begins so.",
        "Servers and their clients share the machine. Figures of different machines do not compare; ratios do.",
        f"## {VERDICTS}",
        table(("target", "wanted", "measured", "met"), verdicts),
    ]
    for title, section in made:
        parts += [f"## {title}", section.body]
    return "\n\n".join(parts) + "\n"
