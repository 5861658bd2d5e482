"""docs/dashboards.md: what each dashboard answers, and where to go next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from grafana.generator.board import LISTS, Board
from grafana.generator.panels import Kind

_INTRODUCTION: Final = """\
# Dashboards

Written by `python -m grafana.build`; a test compares. The JSON is in
`grafana/dashboards`, and `grafana/provisioning` loads it; `grafana/kustomization.yaml` brings it to Kubernetes.
Each dashboard answers one question. Start at the overview; its bars and links lead to a pillar or a source.
"""

_KINDS: Final = {
    Kind.LINES: "graph", Kind.STAT: "number", Kind.GAUGE: "gauge", Kind.BARS: "ranked bars", Kind.TABLE: "table",
    Kind.STATES: "state timeline", Kind.ALERTS: "alert list",
}  # fmt: skip


def page(boards: Sequence[Board]) -> str:
    links = {board.id: f"[{board.title}](#{_anchor(board.title)})" for board in boards}
    for name, tag in LISTS.items():
        links[name] = ", ".join(links[board.id] for board in boards if board.tag == tag)
    counted = sum(len(tuple(board.panels())) for board in boards)
    summary = f"{len(boards)} dashboards, {counted} panels.\n"
    return "\n".join((_INTRODUCTION, summary, *("\n".join(_section(board, links)) for board in boards)))


def _section(board: Board, links: dict[str, str]) -> Iterator[str]:
    yield f"## {board.title}\n"
    yield f"{board.question}\n"
    onward = ", ".join(links[other] for other in board.onward)
    yield f"Address: `/d/{board.uid}`. Go on to: {onward}.\n"
    yield "| panel | kind | what it shows |"
    yield "| --- | --- | --- |"
    for panel in board.panels():
        yield f"| {panel.title} | {_KINDS[panel.kind]} | {panel.description.replace('|', '/')} |"
    yield ""


def _anchor(title: str) -> str:
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -")
    return kept.replace(" ", "-")
