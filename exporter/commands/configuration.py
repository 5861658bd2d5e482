"""From parsed arguments to a Config, for every command that needs one."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path

from exporter.configuration.config import Config
from exporter.configuration.config_keys import flags
from exporter.configuration.configfile import load


def loader(arguments: Namespace, environ: Mapping[str, str]) -> Callable[[], Config]:
    """Reads file and environment anew at each call. The call raises ConfigError."""
    given = vars(arguments)
    file = given.get("config.file")
    values = {
        flag.path: (flag.name, given[dest]) for flag in flags() if (dest := flag.name.removeprefix("--")) in given
    }
    return lambda: load(Path(file) if file else None, environ, values)
