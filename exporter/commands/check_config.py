"""Whether the configuration can be used: every mistake, or what is in force."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping

from exporter.collection.network import tls_context
from exporter.commands.configuration import loader
from exporter.configuration.config import Config, as_yaml
from exporter.errors import ConfigError
from exporter.web.webfile import WebFile


def run(arguments: Namespace, environ: Mapping[str, str]) -> int:
    return check(loader(arguments, environ))


def check(load: Callable[[], Config]) -> int:
    """Raises ConfigError, also for files that the configuration names and that cannot be used."""
    config = load()
    problems: list[str] = []
    for use in (lambda: WebFile(config.web.config_file), lambda: tls_context(config.http_client.ca_file)):
        try:
            use()
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("\n".join(problems))
    sys.stdout.write(as_yaml(config))
    return 0
