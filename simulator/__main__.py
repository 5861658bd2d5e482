"""`python -m simulator`, the same as `btc-health simulate`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulator.scenario import SCENARIOS
from simulator.serving import cli_main


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulator", description="Answer like every source, from a simulated world.")
    parser.add_argument("--listen", default="127.0.0.1:9000", help="address and port (default %(default)s)")
    parser.add_argument("--recorded", type=Path, help="replay the recorded bodies of this folder instead")
    parser.add_argument("--seed", type=int, default=1, help="which world (default %(default)s)")
    parser.add_argument("--scenario", help=f"start with one of {', '.join(SCENARIOS)}; faults also as outage:coingecko")
    arguments = parser.parse_args()
    return cli_main(arguments.listen, arguments.recorded, arguments.seed, arguments.scenario)


if __name__ == "__main__":
    sys.exit(main())
