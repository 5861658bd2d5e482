"""Every family the page can show, also those without a value at present."""

from __future__ import annotations

from functools import cache
from typing import Final

from exporter import catalogue
from exporter.exposition import families, loop_lag, own_families, source_families
from exporter.exposition import page as exposition
from exporter.exposition.families import Declared
from exporter.exposition.process import collected, process_collectors
from exporter.web import meter

# About the product itself; what is known of the network is in `exporter.catalogue`.
PRODUCT: Final[tuple[Declared, ...]] = (
    *families.SCORES,
    *source_families.SOURCES,
    *own_families.DECLARED,
    *meter.DECLARED,
    *loop_lag.DECLARED,
)


@cache
def sample_names() -> frozenset[str]:
    """The names that `name[]` may ask for."""
    kinds = [(one.name, one.kind) for one in PRODUCT]
    kinds += [(one.name, one.kind) for one in collected(process_collectors())]
    product = (name for family, kind in kinds for name in exposition.sample_names(family, kind))
    return frozenset((*product, *(metric.name for metric in catalogue.metrics())))
