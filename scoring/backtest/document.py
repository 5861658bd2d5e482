"""A report made of headings, paragraphs, tables and pictures, as Markdown with picture files and as one HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Picture:
    """`name` is that of the file beside the Markdown."""

    name: str
    svg: str
    text: str


Block = Heading | Paragraph | Table | Picture


def markdown(blocks: Iterable[Block]) -> str:
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case Picture(name, _, text):
            return f"![{text}]({name})"
        case Table(head, rows):
            lines = [head, ["---"] * len(head), *rows]
            return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


SHORT: Final = 14

_STYLE: Final = (
    "body{font-family:sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;line-height:1.4}"
    "table{border-collapse:collapse;font-size:.85rem}td,th{border:1px solid #ccc;padding:.2rem .45rem;text-align:left}"
    "th{background:#eee}.short{white-space:nowrap}svg{width:100%;height:auto}"
)


def html(title: str, blocks: Iterable[Block]) -> str:
    """Complete in itself: no script, no file beside it."""
    body = "\n".join(_html(block) for block in blocks)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Picture(_, svg, _):
            return svg
        case Table(head, rows):
            body = "\n".join(f"<tr>{''.join(_cells('td', row))}</tr>" for row in rows)
            return f"<table><tr>{''.join(_cells('th', head))}</tr>\n{body}</table>"


def _cells(tag: str, cells: Sequence[str]) -> Iterator[str]:
    """What is short stays on one line: dates, figures."""
    for cell in cells:
        kind = ' class="short"' if tag == "td" and len(cell) <= SHORT else ""
        yield f"<{tag}{kind}>{escape(cell)}</{tag}>"
