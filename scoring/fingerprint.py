"""A digest of how readings become scores, so that no change of it goes without a new version.

How the answers of sources become readings is not in it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from scoring.indicator import HOLD_DAILY_SECONDS, HOLD_SECONDS, Indicator
from scoring.method import MINIMUM_COVERAGE, Method
from scoring.owners import OWNERSHIPS, Ownership

# Where formulas, their constants and the arithmetic of scores stand.
CODE: Final = ("curves", "indicator", "owners", "quantities", "score")

# Told as data instead, without the words in it.
AS_DATA: Final = frozenset({"OWNERSHIPS", "ORDINARY", "JUDGEMENT"})


def fingerprint(
    method: Method,
    code: Mapping[str, str] | None = None,
    minimum_coverage: float = MINIMUM_COVERAGE,
    ownerships: tuple[Ownership, ...] = OWNERSHIPS,
) -> str:
    """Changes with every anchor, weight, quantity, formula, constant and pool owner, and with the code that uses them.

    Not with words, sources, comments and docstrings. `code`: source text by name of the module.
    """
    told = {
        "cap": method.cap,
        "hold": [HOLD_SECONDS, HOLD_DAILY_SECONDS],
        "minimum_coverage": minimum_coverage,
        "owners": [[one.owner, one.pools, str(one.since), str(one.until)] for one in ownerships],
        "code": shipped() if code is None else {name: normalised(text) for name, text in code.items()},
        "pillars": [
            [pillar.id, pillar.weight, [_scored(indicator) for indicator in pillar.indicators]]
            for pillar in method.pillars
        ],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _scored(indicator: Indicator) -> list[Any]:
    anchors = [[anchor.at, anchor.score] for anchor in indicator.curve.anchors]
    quantities = [str(quantity) for quantity in indicator.alternatives]
    return [indicator.id, indicator.weight, indicator.daily, quantities, indicator.curve.axis.value, anchors]


def source(module: str) -> str:
    text = pkgutil.get_data("scoring", f"{module}.py")
    if text is None:
        raise FileNotFoundError(f"source of scoring.{module}: not installed")
    return text.decode()


@cache
def shipped() -> Mapping[str, str]:
    return {module: normalised(source(module)) for module in CODE}


def normalised(text: str) -> str:
    """What the statements do: no comments, docstrings, layout, imports or words of errors; alike in every Python."""
    return json.dumps(_plain(ast.parse(text)))


def _plain(node: object) -> Any:
    if isinstance(node, ast.AST):
        fields = ((name, _plain(value)) for name, value in ast.iter_fields(node))
        return [type(node).__name__, *((name, value) for name, value in fields if value not in ([], "None"))]
    if isinstance(node, list):
        return [_plain(one) for one in node if not isinstance(one, ast.stmt) or _matters(one)]
    return repr(node)


def _matters(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())) | ast.Import() | ast.ImportFrom() | ast.Raise():
            return False
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name not in AS_DATA
        case _:
            return True
