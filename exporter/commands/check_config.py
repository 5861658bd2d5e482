"""Whether the configuration can be used: every mistake, or what is in force."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping

from exporter.commands.configuration import loader
from exporter.config import Config, as_yaml
from exporter.web.webfile import WebFile


def run(arguments: Namespace, environ: Mapping[str, str]) -> int:
    return check(loader(arguments, environ))


def check(load: Callable[[], Config]) -> int:
    """Raises ConfigError, also for a web configuration file that cannot be used."""
    config = load()
    WebFile(config.web.config_file)
    sys.stdout.write(as_yaml(config))
    return 0
