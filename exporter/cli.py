"""The command line: flags of `serve` as Prometheus exporters have them, the other commands beside it."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from exporter.build import build
from exporter.configuration.config_keys import flags
from exporter.configuration.configfile import environment_name
from exporter.errors import BtcHealthError

PROGRAM: Final = "btc-health"


@dataclass(frozen=True, slots=True)
class Command:
    """`target` is module:function, called with (arguments, environ) for the exit code, and imported only when used."""

    name: str
    help: str
    target: str
    arguments: Callable[[argparse.ArgumentParser], None]


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    arguments = parser().parse_args(sys.argv[1:] if argv is None else argv)
    command = next(one for one in COMMANDS if one.name == (arguments.command or "serve"))
    module, _, function = command.target.partition(":")
    run: Callable[[argparse.Namespace, Mapping[str, str]], int] = getattr(importlib.import_module(module), function)
    try:
        return run(arguments, os.environ if environ is None else environ)
    except BtcHealthError as error:
        for line in str(error).splitlines():
            print(f"{PROGRAM}: error: {line}", file=sys.stderr)  # noqa: T201 - what an operator sees before any log
        return 2
    except BrokenPipeError:
        # Whoever read our output has closed it, as `head` does; nothing more can be said there, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
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
        sys.stdout.write(f"{build()}\n")
        parser.exit()


def _flag(parser: argparse.ArgumentParser, name: str, help: str, **options: Any) -> None:  # noqa: A002 - argparse calls it so
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


def _storage_file(parser: argparse.ArgumentParser) -> None:
    _config_file(parser)
    _key_flags(parser, ("--storage.",))
    parser.add_argument("file", metavar="FILE", type=Path, help="The copy.")


def _simulate(parser: argparse.ArgumentParser) -> None:
    """Mirrors `python -m simulator`."""
    parser.add_argument("--listen", default="127.0.0.1:9000", metavar="ADDRESS", help="Default: %(default)s.")
    parser.add_argument("--recorded", type=Path, metavar="DIR", help="Replay the recorded bodies of this folder.")
    parser.add_argument("--seed", type=int, default=1, help="Which simulated world. Default: %(default)s.")
    parser.add_argument("--scenario", metavar="NAME", help="Incident to start with.")


def _methodology(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown", help="Default: %(default)s.")


def _backtest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--history", type=Path, required=True, metavar="DIR", help="Folder of daily CSV files.")
    parser.add_argument("--events", type=Path, required=True, metavar="FILE", help="CSV file of what happened.")
    parser.add_argument("--scores-out", type=Path, metavar="CSV", help="Write the scores of every day.")
    parser.add_argument("--report", type=Path, metavar="DIR", help="Write the report with its pictures.")
    parser.add_argument("--json", action="store_true", help="Print the study as JSON.")


def _backfill(parser: argparse.ArgumentParser) -> None:
    _config_file(parser)
    _key_flags(parser, ("--log.", "--storage."))
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="OpenMetrics text to write.")
    parser.add_argument(
        "--history", type=Path, metavar="DIR", help="Folder of daily CSV files. Default: ask the sources' charts."
    )
    parser.add_argument("--from", dest="since", type=date.fromisoformat, metavar="DATE", help="First day.")
    parser.add_argument("--to", dest="until", type=date.fromisoformat, metavar="DATE", help="Last day.")
    parser.add_argument("--job", default="btc-health", help="Label of the live target. Default: %(default)s.")
    parser.add_argument("--instance", default="127.0.0.1:9833", help="Label of the live target. Default: %(default)s.")


COMMANDS: Final = (
    Command("serve", "Run the exporter; this happens when no command is named.", "exporter.commands.serve:run", _serve),
    Command(
        "check-config",
        "Report every mistake in the configuration, or print what is in force.",
        "exporter.commands.check_config:run",
        _check_config,
    ),
    Command("score", "Poll every source once and print the score.", "exporter.commands.score:run", _score),
    Command("simulate", "Answer like every source.", "exporter.commands.simulate:run", _simulate),
    Command("methodology", "Print how the score is made.", "exporter.commands.methodology:run", _methodology),
    Command("backtest", "Score a history and study its events.", "exporter.commands.backtest:run", _backtest),
    Command("backfill", "Write years of history as OpenMetrics.", "exporter.commands.backfill:run", _backfill),
    Command("backup", "Copy the SQLite file, also while in use.", "exporter.commands.storage:backup", _storage_file),
    Command("restore", "Put a copy back as the SQLite file.", "exporter.commands.storage:restore", _storage_file),
)
