"""Start one incident on the running demo stack, so that an operator sees the message arrive."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from typing import Final

SIMULATOR: Final = "http://127.0.0.1:9000"
END: Final = "end"

# What is expected to arrive, and how long the alert waits before it does.
EXPECTED: Final = {
    "fee-spike": "BtcHealthFeeSpike after 30 minutes, in #btc-health",
    "mempool-flood": "BtcHealthMempoolBacklog after an hour, in #btc-health",
    "reorg": "BtcHealthDeepReorg after 11 minutes, in #btc-health-critical and by mail",
    "pool-majority": "BtcHealthPoolMajority after an hour, in #btc-health-critical and by mail",
    "hashrate-collapse": "BtcHealthHashrateDrop after 3 hours, in #btc-health-critical and by mail",
    "lightning-exodus": "BtcHealthLightningCapacityDrop after 6 hours, in #btc-health",
    "outage": "BtcHealthSourceDown after 5 minutes, in #btc-health-operations, counted from when nearly all calls of "
    "ten minutes have failed; what needs the source is muted",
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m prometheus.drill", description=(__doc__ or "").strip())
    parser.add_argument("name", choices=(*EXPECTED, END), help=f"the incident; {END} ends it")
    parser.add_argument("--simulator", default=SIMULATOR, help=f"default {SIMULATOR}")
    options = parser.parse_args(arguments)
    method, path = ("DELETE", "/scenario") if options.name == END else ("POST", f"/scenario/{options.name}")
    try:
        request = urllib.request.Request(f"{options.simulator}{path}", method=method)  # noqa: S310 - the operator's own
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the operator's own simulator
            json.load(answer)
    except (urllib.error.URLError, ValueError) as error:
        print(f"{options.simulator}: {error}; is `make demo` running?", file=sys.stderr)
        return 1
    print("ended" if options.name == END else f"started; expect {EXPECTED[options.name]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
