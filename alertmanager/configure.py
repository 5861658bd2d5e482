"""Write the Alertmanager configuration that runs: what is not configured is off, and the output says what and why.

An integration is configured when its secret file exists and no address of it lies in a reserved example domain.
`secrets/watchdog_url` is put in as the address of the dead man's switch.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

HOME: Final = Path(__file__).resolve().parent
SWITCH: Final = "dead-mans-switch"

# RFC 2606 and RFC 6761: nobody's addresses.
_RESERVED: Final = re.compile(r"(?:^|[@/.])example(?:\.(?:com|net|org))?(?=$|[:/])")


class ConfigurationError(Exception):
    """The shipped or edited file cannot be read; the text names it."""


def configured(document: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """(configuration with only what is configured, lines that say what is off). `secrets`: file name to content."""
    receivers: list[dict[str, Any]] = []
    off: list[str] = []
    for receiver in document["receivers"]:
        kept: dict[str, Any] = {"name": receiver["name"]}
        for kind, integrations in receiver.items():
            if kind == "name":
                continue
            for integration in integrations:
                addressed = with_address(integration, receiver["name"], secrets)
                missing = list(reasons(kind, addressed, document["global"], secrets))
                if missing:
                    off.append(f"{receiver['name']}: {kind.removesuffix('_configs')} is off: {', '.join(missing)}")
                else:
                    kept.setdefault(kind, []).append(addressed)
        receivers.append(kept)
    return {**document, "receivers": receivers}, off


def with_address(integration: Mapping[str, Any], receiver: str, secrets: Mapping[str, str]) -> dict[str, Any]:
    """The address of the switch is a secret: whoever knows it can keep the switch quiet."""
    if receiver != SWITCH or "watchdog_url" not in secrets:
        return dict(integration)
    return {"url_file": "secrets/watchdog_url", **{key: value for key, value in integration.items() if key != "url"}}


def reasons(
    kind: str, integration: Mapping[str, Any], shared: Mapping[str, Any], secrets: Mapping[str, str]
) -> Iterator[str]:
    """Why an integration cannot work."""
    if kind == "slack_configs":
        yield from no_secret(integration.get("api_url_file", shared.get("slack_api_url_file")), secrets)
    if kind == "email_configs":
        if "smtp_auth_username" in shared:
            yield from no_secret(shared.get("smtp_auth_password_file"), secrets)
        yield from example(shared.get("smtp_smarthost"), "smtp_smarthost")
        yield from example(integration.get("to"), "to")
    if kind == "webhook_configs" and "url_file" in integration:
        yield from no_secret(integration["url_file"], secrets)
    elif kind == "webhook_configs":
        yield from example(integration.get("url"), "url")


def no_secret(file: str | None, secrets: Mapping[str, str]) -> Iterator[str]:
    if file is None or not secrets.get(Path(file).name):
        yield f"no secret in {file}"


def example(address: str | None, key: str) -> Iterator[str]:
    if address is None or _RESERVED.search(address):
        yield f"{key} is {address}, an example"


def absolute(document: dict[str, Any], home: Path) -> dict[str, Any]:
    """Paths that hold from any folder."""

    def found(settings: Mapping[str, Any]) -> dict[str, Any]:
        return {key: str(home / value) if key.endswith("_file") else value for key, value in settings.items()}

    receivers = [
        {kind: value if kind == "name" else [found(one) for one in value] for kind, value in receiver.items()}
        for receiver in document["receivers"]
    ]
    templates = [str(home / pattern) for pattern in document["templates"]]
    return {**document, "global": found(document["global"]), "templates": templates, "receivers": receivers}


def read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{file}: {error}") from error
    if not isinstance(document, dict) or not {"global", "receivers", "templates"} <= document.keys():
        raise ConfigurationError(f"{file}: expected an Alertmanager configuration with global, receivers and templates")
    return document


def secrets_in(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text().strip() for file in sorted(folder.glob("*")) if file.is_file()}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m alertmanager.configure", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("output", type=Path, help="file to write for Alertmanager's --config.file")
    parser.add_argument("--home", type=Path, default=HOME, help="folder with alertmanager.yml, templates/ and secrets/")
    options = parser.parse_args(arguments)
    home = options.home.resolve()
    try:
        document, off = configured(read(home / "alertmanager.yml"), secrets_in(home / "secrets"))
    except (ConfigurationError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    options.output.write_text(yaml.safe_dump(absolute(document, home), sort_keys=False, allow_unicode=True))
    print("\n".join(off or ["every receiver is on"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
