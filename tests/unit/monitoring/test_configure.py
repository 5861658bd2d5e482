"""Alertmanager runs with what is configured, and says what is not."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from alertmanager import configure

SECRETS = {
    "slack_webhook_url": "https://hooks.slack.test/x",
    "smtp_password": "secret",
    "watchdog_url": "http://w.test",
}


def document(**changes: Any) -> dict[str, Any]:
    shared = {
        "slack_api_url_file": "secrets/slack_webhook_url",
        "smtp_smarthost": "mail.test:587",
        "smtp_auth_username": "me",
        "smtp_auth_password_file": "secrets/smtp_password",
        **changes,
    }
    receivers = [
        {"name": "critical", "slack_configs": [{"channel": "#a"}], "email_configs": [{"to": "on-call@mail.test"}]},
        {"name": "dead-mans-switch", "webhook_configs": [{"url": "https://switch.example.org/"}]},
    ]
    return {"global": shared, "templates": ["templates/*.tmpl"], "receivers": receivers}


def test_everything_configured_is_on() -> None:
    made, off = configure.configured(document(), SECRETS)
    assert off == []
    assert [sorted(one) for one in made["receivers"]] == [
        ["email_configs", "name", "slack_configs"],
        ["name", "webhook_configs"],
    ]
    assert made["receivers"][1]["webhook_configs"] == [{"url_file": "secrets/watchdog_url"}]


def test_no_secret_is_written_into_the_file_only_where_it_lies(tmp_path: Path) -> None:
    made, _ = configure.configured(document(), SECRETS)
    text = yaml.safe_dump(configure.absolute(made, tmp_path))
    assert [secret for secret in SECRETS.values() if f": {secret}" in text] == []
    assert [text.count(str(tmp_path / "secrets" / name)) for name in SECRETS] == [1, 1, 1]


@pytest.mark.parametrize(
    ("changes", "missing", "want"),
    [
        ({}, "slack_webhook_url", "critical: slack is off: no secret in secrets/slack_webhook_url"),
        ({}, "smtp_password", "critical: email is off: no secret in secrets/smtp_password"),
        ({}, "watchdog_url", "dead-mans-switch: webhook is off: url is https://switch.example.org/, an example"),
        (
            {"smtp_smarthost": "smtp.example.com:25"},
            None,
            "critical: email is off: smtp_smarthost is smtp.example.com:25, an example",
        ),
    ],
)
def test_what_is_not_configured_is_off_and_says_so(changes: dict[str, str], missing: str | None, want: str) -> None:
    made, off = configure.configured(
        document(**changes), {name: value for name, value in SECRETS.items() if name != missing}
    )
    assert off == [want]
    kind = want.split()[1] + "_configs"
    assert not any(kind in receiver for receiver in made["receivers"])


@pytest.mark.parametrize(
    ("address", "reserved"),
    [
        ("https://switch.example.org/ping", True),
        ("on-call@example.com", True),
        ("smtp.example:25", True),
        ("https://examples.test/", False),
        ("http://127.0.0.1:9099/", False),
    ],
)
def test_only_reserved_domains_count_as_examples(address: str, *, reserved: bool) -> None:
    assert bool(list(configure.example(address, "to"))) is reserved


@pytest.mark.parametrize("text", ["receivers: [", "just text", "global: {}"])
def test_a_broken_file_is_named(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "alertmanager.yml").write_text(text)
    assert configure.main([str(tmp_path / "out.yml"), "--home", str(tmp_path)]) == 2
    assert "alertmanager.yml" in capsys.readouterr().err
    assert not (tmp_path / "out.yml").exists()


def test_the_shipped_file_is_off_by_default_and_its_paths_hold_from_any_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.yml"
    assert configure.main([str(output)]) == 0
    assert capsys.readouterr().out.count(" is off: ") == 5
    made = yaml.safe_load(output.read_text())
    assert all(list(receiver) == ["name"] for receiver in made["receivers"])
    assert [Path(pattern).is_absolute() for pattern in made["templates"]] == [True]
