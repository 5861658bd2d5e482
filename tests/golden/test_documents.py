"""Documents that are written from the declarations."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

from exporter.configuration.config import Config, as_yaml
from exporter.configuration.config_reference import DOCUMENTS, example, schema
from exporter.configuration.configfile import load
from exporter.errors import ConfigError
from tests.machine import ROOT

Golden = Callable[[str, str], None]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_document_says_what_the_program_does(name: str, golden: Golden) -> None:
    golden(f"../../docs/{name}", DOCUMENTS[name]())


def test_the_example_file_changes_nothing() -> None:
    assert as_yaml(load(ROOT / "docs" / "btc-health.example.yml")) == as_yaml(Config())


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (example(), True),
        ("{}", True),
        ("sources: {bitnodes: {endpoints: {summary: {interval: 12h}}}}", True),
        ("sources: {bitnodes: {endpoints: {nothing: {interval: 12h}}}}", False),
        ("sources: {nobody: {}}", False),
        ("sources: {coingecko: {api_key: x}}", False),
        ("storage: {retention: 400}", False),
        ("storage: {pth: x}", False),
        ("http_client: {max_response_bytes: 32MB}", False),
        ("web: {listen_addresses: [':9833']}", True),
        ("log: {level: loud}", False),
    ],
)
def test_the_schema_takes_what_the_program_takes(tmp_path: Path, text: str, valid: bool) -> None:
    whole = yaml.safe_load(schema())
    jsonschema.Draft202012Validator.check_schema(whole)
    assert jsonschema.Draft202012Validator(whole).is_valid(yaml.safe_load(text)) is valid
    file = tmp_path / "c.yml"
    file.write_text(text)
    with contextlib.nullcontext() if valid else pytest.raises(ConfigError):
        load(file)
