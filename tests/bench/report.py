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


def document(sections: Iterable[tuple[str, Section]]) -> str:
    made = list(sections)
    verdicts = [
        (target.what, target.wanted, target.measured, "yes" if target.met else "no")
        for _, section in made
        for target in section.targets
    ]
    parts = [
        "# Performance",
        f"Written by `make bench`, which measures everything in one run. Machine: {machine()}.",
        "Servers and their clients share the machine. Figures of different machines do not compare; ratios do.",
        f"## {VERDICTS}",
        table(("target", "wanted", "measured", "met"), verdicts),
    ]
    for title, section in made:
        parts += [f"## {title}", section.body]
    return "\n\n".join(parts) + "\n"
