"""What people read in chat and mail, rendered by Alertmanager's own tool from what the rules' unit tests expect."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.machine import ROOT

HOME = ROOT / "alertmanager"
TEMPLATES = [
    ("title", "text", "btchealth.title"),
    ("slack-color", "text", "btchealth.slack.color"),
    ("slack", "text", "btchealth.slack.text"),
    ("link", "text", "btchealth.link"),
    ("email", "text", "btchealth.email.text"),
    ("email-html", "html", "btchealth.email.html"),
]
BEGAN = "2026-03-04T05:06:07Z"
LATER = "2026-03-04T06:00:00Z"
ENDED = "2026-03-05T07:08:09Z"
# What Go's zero time looks like: it has not ended.
GOES_ON = "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Told:
    """`days`: as in the timeline of days of its unit test; `endpoint`: instead of the one of the unit test."""

    alert: str
    start: str = BEGAN
    end: str = GOES_ON
    days: bool = False
    endpoint: str = ""

    @property
    def expected(self) -> dict[str, Any]:
        """Labels and annotations as the unit test of the alert has them."""
        file = ROOT / "prometheus" / "tests" / "alerts" / f"BtcHealth{self.alert}{'-days' * self.days}.yml"
        checks = [check for test in yaml.safe_load(file.read_text())["tests"] for check in test["alert_rule_test"]]
        found: dict[str, Any] = next(check["exp_alerts"][0] for check in checks if "exp_alerts" in check)
        labels, notes = {"alertname": f"BtcHealth{self.alert}", **found["exp_labels"]}, dict(found["exp_annotations"])
        if self.endpoint:
            notes["description"] = notes["description"].replace(f" {labels['endpoint']} ", f" {self.endpoint} ")
            labels["endpoint"] = self.endpoint
        return {"labels": labels, "annotations": notes}


@dataclass(frozen=True, slots=True)
class Message:
    receiver: str
    grouped: tuple[str, ...]
    alerts: tuple[Told, ...]


SCORE, HASHPRICE = Told("SecurityScoreLow"), Told("HashpriceLow", LATER)
NETWORK, OPERATIONS = ("job", "pillar"), ("job", "alertname", "source")
MESSAGES = {
    "critical": Message("critical", ("job", "alertname"), (Told("PoolMajority"),)),
    "everything": Message("critical", ("job", "alertname"), (Told("ExporterAbsent"),)),
    "group": Message("network", NETWORK, (SCORE, HASHPRICE)),
    "moved": Message("network", NETWORK, (Told("SecurityScoreLow", days=True),)),
    "partly-resolved": Message("network", NETWORK, (SCORE, replace(HASHPRICE, end=ENDED))),
    "resolved": Message("operations", OPERATIONS, (Told("SourceDown", end=ENDED),)),
    "source": Message(
        "operations", OPERATIONS, (Told("SourceStale"), Told("SourceStale", LATER, endpoint="mempool_blocks"))
    ),
}


def data(message: Message) -> dict[str, Any]:
    """As Alertmanager hands it to a template."""
    told = [
        {
            **one.expected,
            "status": "firing" if one.end == GOES_ON else "resolved",
            "startsAt": one.start,
            "endsAt": one.end,
            "generatorURL": "http://localhost:9090/graph?g0.expr=a+%3E+1&g0.tab=1",
            "fingerprint": "0123456789abcdef",
        }
        for one in message.alerts
    ]
    common = set.intersection(*(set(one["labels"].items()) for one in told))
    return {
        "receiver": message.receiver,
        "status": "firing" if any(one["status"] == "firing" for one in told) else "resolved",
        "alerts": told,
        "groupLabels": {name: value for name, value in sorted(common) if name in message.grouped},
        "commonLabels": dict(sorted(common)),
        "commonAnnotations": {},
        "externalURL": "http://localhost:9093",
    }


@pytest.mark.parametrize("name", MESSAGES)
def test_notification_reads_as_agreed(
    name: str, tool: Callable[[str], Path], golden: Callable[[str, str], None], tmp_path: Path
) -> None:
    told = tmp_path / "data.json"
    told.write_text(json.dumps(data(MESSAGES[name])))
    parts = []
    for part, kind, template in TEMPLATES:
        command = [
            str(tool("amtool")), "template", "render", f"--template.glob={HOME / 'templates' / '*.tmpl'}",
            f"--template.type={kind}", f"--template.data={told}", f'--template.text={{{{ template "{template}" . }}}}',
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        parts.append(f"--- {part} ---\n{done.stdout.rstrip()}\n")
    golden(f"notifications/{name}.txt", "".join(parts))


def test_every_message_is_of_a_group_that_alertmanager_makes() -> None:
    route = yaml.safe_load((HOME / "alertmanager.yml").read_text())["route"]
    made = {(one["receiver"], tuple(one.get("group_by", route["group_by"]))) for one in (route, *route["routes"])}
    assert {(one.receiver, one.grouped) for one in MESSAGES.values()} <= made


def test_there_is_no_golden_file_that_nothing_is_compared_with() -> None:
    files = {file.stem for file in (Path(__file__).parent / "notifications").iterdir()}
    assert files == MESSAGES.keys()


def test_every_field_that_a_template_links_to_is_written_by_the_rules() -> None:
    text = (HOME / "templates" / "btc-health.tmpl").read_text()
    for annotation in ("summary", "description", "runbook_url", "dashboard_url"):
        assert f".Annotations.{annotation}" in text


def test_no_description_has_a_character_that_chat_would_take_for_markup() -> None:
    for file in sorted((ROOT / "prometheus" / "tests" / "alerts").glob("*.yml")):
        descriptions = [line for line in file.read_text().splitlines() if line.strip().startswith("description:")]
        assert descriptions, file.name
        assert [line for line in descriptions if set("<>&*") & set(line)] == []
