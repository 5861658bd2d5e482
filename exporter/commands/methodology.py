"""Print how the score is made."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping

from scoring.methodology import as_json, markdown


def run(arguments: Namespace, _: Mapping[str, str]) -> int:
    if arguments.format == "json":
        json.dump(as_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(markdown())
    return 0
