"""The command line: flags of `serve` as Prometheus exporters have them, the other commands beside it."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from exporter.build import build
from exporter.config import flags
from exporter.configfile import environment_name
from exporter.errors import BtcHealthError

PROGRAM: Final = "btc-health"


@dataclass(frozen=True, slots=True)
class Command:
    """`module.run(arguments, environ)` returns the exit code; it is imported only when the command is used."""

    name: str
    help: str
    module: str
    arguments: Callable[[argparse.ArgumentParser], None]


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    arguments = parser().parse_args(sys.argv[1:] if argv is None else argv)
    command = next(one for one in COMMANDS if one.name == (arguments.command or "serve"))
    run: Callable[[argparse.Namespace, Mapping[str, str]], int] = importlib.import_module(command.module).run
    try:
        return run(arguments, os.environ if environ is None else environ)
    except BtcHealthError as error:
        for line in str(error).splitlines():
            print(f"{PROGRAM}: error: {line}", file=sys.stderr)  # noqa: T201 - what an operator sees before any log
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Flags of `serve` are taken without the command too, because it is what runs when none is named."""
    top = argparse.ArgumentParser(
        PROGRAM, description="Exporter that scores the health of the Bitcoin network.", allow_abbrev=False
    )
    _serve(top)
    top.add_argument("--version", action=_Version, nargs=0, help="Print version, commit and branch, and exit.")
    commands = top.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for command in COMMANDS:
        command.arguments(
            commands.add_parser(command.name, help=command.help, description=command.help, allow_abbrev=False)
        )
    return top


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        parser.exit(0, f"{build()}\n")


def _flag(parser: argparse.ArgumentParser, name: str, help: str, **options: Any) -> None:  # noqa: A002 - argparse's word
    """No default here: what is not given must not hide the environment and the file."""
    parser.add_argument(name, dest=name.removeprefix("--"), default=argparse.SUPPRESS, help=help, **options)


def _config_file(parser: argparse.ArgumentParser) -> None:
    _flag(parser, "--config.file", "Configuration in YAML; without it defaults and BTC_HEALTH_* hold.", metavar="FILE")


def _key_flags(parser: argparse.ArgumentParser, prefixes: tuple[str, ...]) -> None:
    for flag in flags():
        if flag.name.startswith(prefixes):
            options: dict[str, Any] = {"metavar": flag.metavar}
            if flag.is_switch:
                options = {"action": "store_true"}
            elif flag.repeatable:
                options["action"] = "append"
            _flag(parser, flag.name, f"{flag.text} Default: {flag.default} ({environment_name(flag.path)}).", **options)


def _serve(parser: argparse.ArgumentParser) -> None:
    _config_file(parser)
    _flag(parser, "--config.check", "Check the configuration, print it, and exit.", action="store_true")
    _key_flags(parser, ("--web.", "--log.", "--storage."))


def _check_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "config.file", default=argparse.SUPPRESS, metavar="FILE", nargs="?", help="Configuration in YAML."
    )


def _score(parser: argparse.ArgumentParser) -> None:
    _config_file(parser)
    _key_flags(parser, ("--log.", "--storage."))
    parser.add_argument("--json", action="store_true", help="Print the scorecard as JSON.")


def _file_of_storage(parser: argparse.ArgumentParser) -> None:
    _config_file(parser)
    _key_flags(parser, ("--storage.",))
    parser.add_argument("file", metavar="FILE", type=Path, help="The copy.")


COMMANDS: Final = (
    Command("serve", "Run the exporter (what happens when no command is named).", "exporter.commands.serve", _serve),
    Command(
        "check-config",
        "Report every mistake in the configuration, or print what is in force.",
        "exporter.commands.check_config",
        _check_config,
    ),
    Command("score", "Poll every source once and print the score.", "exporter.commands.score", _score),
    Command("backup", "Copy the SQLite file, also while it is in use.", "exporter.commands.backup", _file_of_storage),
    Command("restore", "Put a copy back as the SQLite file.", "exporter.commands.restore", _file_of_storage),
)
