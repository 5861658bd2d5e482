"""A server that answers like every source, from a simulated world or a folder of recorded bodies."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from simulator.serving import cli_main


def run(arguments: Namespace, _: Mapping[str, str]) -> int:
    return cli_main(arguments.listen, arguments.recorded, arguments.seed, arguments.scenario)
