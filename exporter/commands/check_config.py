"""Whether the configuration can be used: every mistake, or what is in force."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping

import yaml

from exporter.commands.configuration import loader
from exporter.config import Config
from exporter.web.webfile import WebFile


def run(arguments: Namespace, environ: Mapping[str, str]) -> int:
    if "file" in arguments:
        setattr(arguments, "config.file", arguments.file)
    config = loader(arguments, environ)()
    WebFile(config.web.config_file)
    sys.stdout.write(shown(config))
    return 0


def shown(config: Config) -> str:
    """As a file that would have the same effect, except for secrets, which are masked."""
    return yaml.safe_dump(config.effective(), sort_keys=False, allow_unicode=True, width=120)
