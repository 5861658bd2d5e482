"""What alertmanager.yml promises, beside what amtool and amlint see to (tools/monitoring)."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from prometheus.generator.model import seconds
from tests.contract import families
from tests.contract.rules import alerts
from tests.machine import ROOT

FILE = ROOT / "alertmanager" / "alertmanager.yml"
CONFIG: dict[str, Any] = yaml.safe_load(FILE.read_text())
ROUTE = CONFIG["route"]
MATCHER = re.compile(r'(?P<label>\w+)(?P<operator>=~|!~|!=|=)"(?P<value>[^"{}]*)"')
WATCHDOG = 'alertname="BtcHealthWatchdog"'
MATCHERS = [
    text
    for one in (*ROUTE["routes"], *CONFIG["inhibit_rules"])
    for key in ("matchers", "source_matchers", "target_matchers")
    for text in one.get(key, [])
]


def labels() -> list[dict[str, str]]:
    """Of every alert, and of alerts about sources for each source."""
    found = []
    for alert in alerts():
        stated = {"alertname": alert.name, "job": "btc-health", **alert.document["labels"]}
        about = [{"source": source} for source in families.SOURCES] if "Source" in alert.name else [{}]
        found += [stated | more for more in about]
    return found


def matches(texts: list[str], has: dict[str, str]) -> bool:
    return all(_matches(text, has) for text in texts)


def _matches(text: str, has: dict[str, str]) -> bool:
    found = MATCHER.fullmatch(text)
    assert found, text
    value = has.get(found["label"], "")
    same = bool(re.fullmatch(found["value"], value)) if "~" in found["operator"] else value == found["value"]
    return same != found["operator"].startswith("!")


def test_the_root_takes_everything_at_any_time() -> None:
    assert not ROUTE.keys() & {"matchers", "mute_time_intervals", "active_time_intervals", "match", "match_re"}
    assert ROUTE["receiver"] in {one["name"] for one in CONFIG["receivers"]}


@pytest.mark.parametrize("text", sorted(set(MATCHERS)))
def test_a_matcher_means_the_same_to_every_parser(text: str) -> None:
    assert MATCHER.fullmatch(text)


def test_no_matcher_is_of_the_old_kind() -> None:
    assert re.findall(r"^\s*-?\s*(?:source_|target_)?match(?:_re)?:", FILE.read_text(), re.MULTILINE) == []


@pytest.mark.parametrize("route", [ROUTE, *ROUTE["routes"]], ids=lambda one: one["receiver"])
def test_a_group_waits_less_than_its_interval_and_repeats_later(route: dict[str, Any]) -> None:
    wait, interval, repeat = (
        seconds(route.get(key, ROUTE[key])) for key in ("group_wait", "group_interval", "repeat_interval")
    )
    assert wait < interval < repeat
    assert route.get("group_by", ROUTE["group_by"])


def test_the_watchdog_leaves_first_and_often_to_a_receiver_of_its_own() -> None:
    first, *others = ROUTE["routes"]
    assert first["matchers"] == [WATCHDOG]
    assert seconds(first["repeat_interval"]) <= 300
    assert first["receiver"] not in {one["receiver"] for one in others} | {ROUTE["receiver"]}


@pytest.mark.parametrize("rule", CONFIG["inhibit_rules"], ids=lambda one: " ".join(one["source_matchers"]))
def test_what_mutes_is_never_what_is_muted_and_is_of_the_same_installation(rule: dict[str, Any]) -> None:
    assert "job" in rule["equal"]
    both = [one for one in labels() if matches(rule["source_matchers"], one) and matches(rule["target_matchers"], one)]
    assert both == []
    assert any(matches(rule["source_matchers"], one) for one in labels()), "nothing can mute"


@pytest.mark.parametrize("source", families.SOURCES)
def test_every_source_that_is_down_mutes_what_needs_it(source: str) -> None:
    down = {"alertname": "BtcHealthSourceDown", "source": source, "severity": "warning"}
    needs = {f"needs_{source}": "true"}
    assert any(
        matches(one["source_matchers"], down) and matches(one["target_matchers"], needs)
        for one in CONFIG["inhibit_rules"]
    )


def test_every_name_in_a_matcher_is_that_of_an_alert() -> None:
    names = {alert.name for alert in alerts()}
    asked = [
        found["value"] for text in MATCHERS if (found := MATCHER.fullmatch(text)) and found["label"] == "alertname"
    ]
    assert [text for text in asked if not any(re.fullmatch(text, name) for name in names)] == []


def test_secrets_are_files_and_nothing_is_written_down() -> None:
    secret = re.compile(r"(\w*(?:password|secret|token|api_url|routing_key|credentials)\w*):\s*(\S+)")
    stated = dict(secret.findall(FILE.read_text()))
    assert stated
    assert {
        key: value for key, value in stated.items() if not key.endswith("_file") or not value.startswith("secrets/")
    } == {}


def test_chat_and_mail_hear_of_the_end_and_read_the_templates() -> None:
    told = [
        one
        for receiver in CONFIG["receivers"]
        for kind in ("slack_configs", "email_configs")
        for one in receiver.get(kind, [])
    ]
    assert len(told) == 4
    for one in told:
        assert one["send_resolved"] is True
        assert "btchealth.title" in str(one)


def test_the_file_is_one_that_the_oldest_supported_alertmanager_reads() -> None:
    """0.25 knows neither the address of a webhook by file, nor names of inhibitions."""
    hooks = [one for receiver in CONFIG["receivers"] for one in receiver.get("webhook_configs", [])]
    assert [one for one in hooks if "url_file" in one] == []
    assert [one for one in CONFIG["inhibit_rules"] if "name" in one] == []


def test_every_route_is_reached_by_a_case_and_findings_are_fatal() -> None:
    script = (ROOT / "tools" / "monitoring").read_text()
    assert "amlint test alertmanager/alertmanager.yml alertmanager/tests/routes.yml --fail-under 100" in script
    assert "amlint check alertmanager/alertmanager.yml --strict --rules" in script
