"""Every family is used by a score, a rule, a runbook or a panel, or says why it is only there raw."""

import re
from functools import cache

from exporter import catalogue
from exporter.exposition import inventory, page
from scoring.methodology import METHOD
from tests.machine import ROOT

MOST_RAW_ONLY = 40
PLACES = ("prometheus/rules/*.yml", "prometheus/alerts/*.yml", "docs/runbooks/*.md", "grafana/dashboards/**/*.json")


@cache
def used() -> frozenset[str]:
    files = [file for place in PLACES for file in ROOT.glob(place)]
    named = {name for file in files for name in re.findall(r"btchealth_[a-z0-9_]+", file.read_text())}
    return frozenset(named | {selector.partition("{")[0] for selector in METHOD.selectors})


def test_every_domain_family_is_used_or_says_why_not() -> None:
    assert [one.name for one in catalogue.metrics() if one.name not in used() and one.raw_only is None] == []


def test_few_families_are_raw_only() -> None:
    assert sum(one.raw_only is not None for one in catalogue.metrics()) <= MOST_RAW_ONLY


def test_every_family_about_the_product_is_used() -> None:
    unused = [one.name for one in inventory.PRODUCT if not used() & set(page.sample_names(one.name, one.kind))]
    assert unused == []
