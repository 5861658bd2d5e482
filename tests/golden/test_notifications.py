"""What people read in chat and mail, rendered by Alertmanager's own tool."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machine import ROOT

HOME = ROOT / "alertmanager"
CASES = sorted(file.stem for file in (HOME / "tests" / "notifications").glob("*.json"))
TEMPLATES = [
    ("title", "text", "btchealth.title"),
    ("slack-color", "text", "btchealth.slack.color"),
    ("slack", "text", "btchealth.slack.text"),
    ("link", "text", "btchealth.link"),
    ("email", "text", "btchealth.email.text"),
    ("email-html", "html", "btchealth.email.html"),
]


@pytest.mark.parametrize("case", CASES)
def test_notification_reads_as_agreed(
    case: str, tool: Callable[[str], Path], golden: Callable[[str, str], None]
) -> None:
    parts = []
    for name, kind, template in TEMPLATES:
        command = [
            str(tool("amtool")), "template", "render", f"--template.glob={HOME / 'templates' / '*.tmpl'}",
            f"--template.type={kind}", f"--template.data={HOME / 'tests' / 'notifications' / f'{case}.json'}",
            f'--template.text={{{{ template "{template}" . }}}}',
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        parts.append(f"--- {name} ---\n{done.stdout.rstrip()}\n")
    golden(f"notifications/{case}.txt", "".join(parts))


def test_every_field_that_a_template_links_to_is_written_by_the_rules() -> None:
    text = (HOME / "templates" / "btc-health.tmpl").read_text()
    for annotation in ("summary", "description", "runbook_url", "dashboard_url"):
        assert f".Annotations.{annotation}" in text


def test_no_description_has_a_character_that_chat_would_take_for_markup() -> None:
    for file in sorted((ROOT / "prometheus" / "alerts").glob("*.yml")):
        descriptions = [line for line in file.read_text().splitlines() if line.strip().startswith("description:")]
        assert [line for line in descriptions if set("<>&*") & set(line)] == []
