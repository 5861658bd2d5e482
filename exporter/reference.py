"""HELP texts and the metric reference, both put together from the declarations.

`python -m exporter.reference > docs/metrics.md` writes the reference anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from exporter.catalogue import SERIES_BUDGET, metrics
from exporter.configuration.scalars import format_duration
from exporter.consensus import AGREEMENTS, Agreement
from exporter.derived import PROVIDERS, declarations
from exporter.derived.declaration import Derived, FromDays
from exporter.exposition.families import Declared
from exporter.exposition.inventory import PRODUCT
from exporter.origin import every_field
from exporter.sources import registry
from exporter.spec import Endpoint, Facts, Group, Metric, Source, Top

_TITLES: Final = {
    Group.SECURITY: "Security and mining economics",
    Group.DECENTRALIZATION: "Decentralization and resilience",
    Group.THROUGHPUT: "Throughput and mempool",
    Group.ADOPTION: "Adoption and protocol efficiency",
    Group.LIGHTNING: "Lightning network",
    Group.CONTEXT: "Context, outside the scores",
}

Places = Iterable[tuple[Source, Endpoint]]


def help_texts(places: Places) -> Mapping[Metric, str]:
    """HELP of every domain metric; `places` with intervals and ages as they are in force."""
    origins = _origins(places)
    return {metric: f"{metric.help} {_bounds(metric)} {origins[metric]}" for metric in metrics() if metric in origins}


def _bounds(metric: Metric) -> str:
    low, high = metric.bounds
    return f"Unit: {metric.unit.text}, {low:g} to {high:g}."


def _origins(places: Places) -> dict[Metric, str]:
    """Where each metric comes from, as a sentence."""
    read: dict[Metric, list[str]] = {}
    for source, endpoint in places:
        path = endpoint.path.partition("?")[0]
        for metric, origin in endpoint.origins.items():
            fields = every_field(origin)
            named = f"field{'s' if len(fields) > 1 else ''} {', '.join(fields)}"
            place = f"{source.title} {path}, {named}, cached until {format_duration(endpoint.max_age)} old"
            read.setdefault(metric, []).append(place)
    found = {metric: f"Source: {'; '.join(texts)}." for metric, texts in read.items()}
    for agreement in AGREEMENTS:
        found[agreement.value] = found[agreement.disagreement] = _agreed_from(agreement)
    derived: dict[Metric, dict[str, None]] = {}
    for declared in declarations():
        derived.setdefault(declared.metric, {})[_inputs_of(declared)] = None
    found.update({metric: f"Derived: from {'; or from '.join(inputs)}." for metric, inputs in derived.items()})
    for metric in PROVIDERS.values():
        found[metric] = "Source: the host that answered last, for as long as a value from it is shown."
    return found


def _agreed_from(agreement: Agreement) -> str:
    tolerance = f"{agreement.tolerance * 100:g} percent" if agreement.relative else f"{agreement.tolerance:g}"
    return (
        f"Derived: median of {agreement.quantity.name} over sources read within {format_duration(agreement.skew)}, "
        f"of which at least {agreement.quorum} lie within {tolerance} of it."
    )


def _inputs_of(declared: Derived | FromDays) -> str:
    if isinstance(declared, FromDays):
        places = ", ".join(f"{source} {endpoint}" for source, endpoint in declared.endpoints)
        return f"the days of {places}"
    return ", ".join(choice[0].partition("{")[0] for choice in declared.inputs)


def exporter_families() -> Sequence[Declared]:
    """What the exporter says about scores, sources and itself."""
    return PRODUCT


def markdown() -> str:
    return "\n".join([*_introduction(), *_groups(), *_raw_only(), *_own(), *_sources()])


def _introduction() -> Iterator[str]:
    known = metrics()
    series = sum(metric.max_series for metric in known)
    yield "# Metric reference"
    yield ""
    yield "Written by `python -m exporter.reference > docs/metrics.md`; a test compares it with the code."
    yield ""
    yield f"{len(known)} families about the network with at most {series} series (budget: {SERIES_BUDGET}), and"
    yield f"{len(exporter_families())} about scores, sources and the exporter itself."
    yield ""
    yield "A value that is unknown, refused or too old has no series: no value is ever 0 for unknown."
    yield "Age counts from the time that the data describe, not from that of the call."
    yield "All values come from a cache: a scrape calls no source."
    yield "A derived value is as old as the oldest of its inputs."


def _groups() -> Iterator[str]:
    texts = _origins(registry.endpoints())
    for group in Group:
        yield from ("", f"## {_TITLES[group]}", "")
        rows = [
            (f"`{metric.name}`", _labels(metric), _unit(metric), metric.help, texts[metric])
            for metric in metrics()
            if metric.group is group
        ]
        yield from _table(("metric", "labels", "unit and bounds", "meaning", "origin"), rows)


def _labels(metric: Metric) -> str:
    return "; ".join(f"`{label}`: {_values(values)}" for label, values in metric.labels.items())


def _values(values: tuple[str, ...] | Top | Facts) -> str:
    if isinstance(values, Top):
        kept = "".join(f", `{one}`" for one in values.kept)
        return f"the {values.size} largest{kept}, `{values.other}`"
    if isinstance(values, Facts):
        return "as stated by the source" if values.size == 1 else f"at most {values.size} as stated by the source"
    return ", ".join(f"`{value}`" for value in values)


def _unit(metric: Metric) -> str:
    low, high = metric.bounds
    return f"{metric.unit.text}, {low:g} to {high:g}"


def _raw_only() -> Iterator[str]:
    yield from ("", "## Raw only", "", "No score, rule or dashboard uses these.", "")
    yield from _table(
        ("metric", "why it is there"), [(f"`{one.name}`", one.raw_only) for one in metrics() if one.raw_only]
    )


def _own() -> Iterator[str]:
    yield from ("", "## Scores, sources and the exporter", "")
    rows = [
        (f"`{one.name}`", ", ".join(f"`{label}`" for label in one.labels), one.kind.value, one.help)
        for one in sorted(exporter_families(), key=lambda one: one.name)
    ]
    yield from _table(("metric", "labels", "type", "meaning"), rows)


def _sources() -> Iterator[str]:
    yield from ("", "## Sources and endpoints", "")
    yield "An endpoint that is off is switched on with `sources.<source>.endpoints.<endpoint>.enabled: true`."
    for source in registry.SOURCES:
        budget = source.budget
        yield from ("", f"### {source.title} (`{source.name}`)", "")
        yield f"Base URLs: {', '.join(f'`{url}`' for url in source.base_urls)}."
        yield f"A bucket of {budget.burst} requests, one more every {format_duration(budget.every)},"
        yield f"{format_duration(budget.spacing)} apart."
        yield ""
        rows = [_endpoint_row(endpoint) for endpoint in source.endpoints]
        yield from _table(("endpoint", "path", "polled every", "shown until this old", "on", "families"), rows)


def _endpoint_row(endpoint: Endpoint) -> tuple[str, ...]:
    return (
        f"`{endpoint.name}`",
        f"`{endpoint.path}`",
        format_duration(endpoint.interval),
        format_duration(endpoint.max_age),
        "yes" if endpoint.enabled else "no",
        str(len(endpoint.origins)),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str | None]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join((cell or '').replace('|', '&#124;') for cell in row)} |"


if __name__ == "__main__":
    sys.stdout.write(markdown() + "\n")
