"""Families to bytes: text format 0.0.4 and OpenMetrics 1.0.0, whole or filtered, plain or gzip.

The two formats differ in the lines above the samples only, so samples are rendered once. A page is two parts, one that
changes with the data and one about the process itself; each is rendered and compressed when it changes.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

from exporter.exposition.encoding import QUICK, Encoding, packed
from exporter.exposition.forms import Form as Form
from exporter.slices import Slices, in_one_go


class Kind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


# Lines made in a row, some 0.2 ms.
_LINES: Final = 50
# Bytes compressed in a row, some 0.2 ms.
_PIECE: Final = 64 << 10

END: Final = {Form.TEXT: b"", Form.OPENMETRICS: b"# EOF\n"}


@dataclass(frozen=True, slots=True)
class Series:
    """`source` decides whether `collect[]` and `exclude[]` keep it; None: made of several sources, or of none."""

    labels: tuple[tuple[str, str], ...]
    value: float
    source: str | None = None
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """`name` as in text format, counters with `_total`."""

    name: str
    kind: Kind
    help: str
    unit: str
    series: tuple[Series, ...]


def escape_help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def escape_label(text: str) -> str:
    return escape_help(text).replace('"', r"\"")


def number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    return str(int(value)) if value == int(value) and abs(value) < 1 << 53 else repr(value)


def _line(name: str, series: Series) -> bytes:
    pairs = ",".join(f'{label}="{escape_label(text)}"' for label, text in series.labels)
    labels = f"{{{pairs}}}" if pairs else ""
    return f"{name}{series.suffix}{labels} {number(series.value)}\n".encode()


def _head(family: Family, form: Form) -> bytes:
    if form is Form.TEXT:
        return f"# HELP {family.name} {escape_help(family.help)}\n# TYPE {family.name} {family.kind}\n".encode()
    name = family.name.removesuffix("_total") if family.kind is Kind.COUNTER else family.name
    unit = f"# UNIT {name} {family.unit}\n" if family.unit and name.endswith(f"_{family.unit}") else ""
    return f"# HELP {name} {escape_label(family.help)}\n# TYPE {name} {family.kind}\n{unit}".encode()


@dataclass(frozen=True, eq=False)
class Block:
    """One family as bytes."""

    family: Family
    lines: tuple[bytes, ...]
    heads: Mapping[Form, bytes]

    @classmethod
    def of(cls, family: Family) -> Block:
        return in_one_go(cls.making(family))

    @classmethod
    def making(cls, family: Family, before: Block | None = None) -> Slices[Block]:
        """Series that are still the same objects as in `before` keep their lines."""
        known = dict(zip(map(id, before.family.series), before.lines, strict=True)) if before else {}
        lines: list[bytes] = []
        for number, series in enumerate(family.series, 1):
            lines.append(known.get(id(series)) or _line(family.name, series))
            if number % _LINES == 0:
                yield
        return cls(family, tuple(lines), {form: _head(family, form) for form in Form})

    @cached_property
    def samples(self) -> bytes:
        return b"".join(self.lines)

    def render(self, form: Form) -> bytes:
        return self.heads[form] + self.samples

    def render_sources(self, form: Form, keep: Callable[[str | None], bool]) -> bytes:
        """Only the series whose source is kept; nothing at all where none is left."""
        kept = [line for line, series in zip(self.lines, self.family.series, strict=True) if keep(series.source)]
        return self.heads[form] + b"".join(kept) if kept else b""


@dataclass(frozen=True)
class Packed:
    """Raw deflate blocks that end on a byte boundary, with the checksum and size of what is inside."""

    data: bytes
    crc: int
    size: int


@dataclass(frozen=True, eq=False)
class Part:
    """Families in the order of their names."""

    blocks: Mapping[str, Block] = field(default_factory=dict)

    def updated(self, families: Iterable[Family]) -> Part:
        """The same part where nothing has changed; only families that have changed are rendered again."""
        return in_one_go(self.updating(families))

    def updating(self, families: Iterable[Family]) -> Slices[Part]:
        """As `updated`, with pauses."""
        fresh: dict[str, Block] = {}
        for family in families:
            if family.series:
                known = self.blocks.get(family.name)
                if known is None or known.family != family:
                    known = yield from Block.making(family, known)
                fresh[family.name] = known
            yield
        blocks = {name: fresh[name] for name in sorted(fresh)}
        same = blocks.keys() == self.blocks.keys() and all(self.blocks[name] is block for name, block in blocks.items())
        return self if same else Part(blocks)

    @cached_property
    def text(self) -> bytes:
        return b"".join(block.render(Form.TEXT) for block in self.blocks.values())

    @cached_property
    def openmetrics(self) -> bytes:
        return b"".join(block.render(Form.OPENMETRICS) for block in self.blocks.values())

    def render(self, form: Form) -> bytes:
        return self.text if form is Form.TEXT else self.openmetrics

    @cached_property
    def _packed(self) -> dict[Form, Packed]:
        return {}

    def packed_forms(self) -> tuple[Form, ...]:
        """Those that somebody has asked for."""
        return tuple(self._packed)

    def packed(self, form: Form) -> Packed:
        return in_one_go(self.packing(form))

    def packing(self, form: Form) -> Slices[Packed]:
        """As `packed`, with pauses."""
        if form not in self._packed:
            content = self.render(form)
            # Fastest level: it makes pages of this kind 15 % larger than the usual one, in a third of the time.
            deflate, pieces = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS), []
            for start in range(0, len(content), _PIECE):
                pieces.append(deflate.compress(content[start : start + _PIECE]))
                yield
            pieces.append(deflate.flush(zlib.Z_FULL_FLUSH))
            self._packed[form] = Packed(b"".join(pieces), zlib.crc32(content), len(content))
        return self._packed[form]


_GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def gzip_of(packed: Packed, rest: bytes) -> bytes:
    """One gzip member of what was packed before and `rest`: only `rest` is compressed now."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = deflate.compress(rest) + deflate.flush()
    trailer = struct.pack("<II", zlib.crc32(rest, packed.crc), (packed.size + len(rest)) & 0xFFFFFFFF)
    return _GZIP_HEAD + packed.data + data + trailer


@dataclass(frozen=True, eq=False)
class Page:
    """What `/metrics` says at one moment. Bytes are made once and kept."""

    data: Part
    own: Part

    @cached_property
    def _made(self) -> dict[tuple[Form, Encoding], bytes]:
        return {}

    def bytes_of(self, form: Form, encoding: Encoding = Encoding.IDENTITY) -> bytes:
        made = self._made.get((form, encoding))
        if made is None:
            made = self._made[form, encoding] = self._make(form, encoding)
        return made

    def is_of(self, other: Page) -> bool:
        return self.data is other.data and self.own is other.own

    def making(self, before: Page) -> Slices[None]:
        """All that somebody has asked `before` for, with pauses."""
        for form in before.data.packed_forms():
            yield from self.data.packing(form)
        for form, encoding in before.made():
            yield
            self.bytes_of(form, encoding)

    def made(self) -> tuple[tuple[Form, Encoding], ...]:
        """What somebody has asked for."""
        return tuple(self._made)

    def _make(self, form: Form, encoding: Encoding) -> bytes:
        rest = self.own.render(form) + END[form]
        if encoding is Encoding.GZIP:
            return gzip_of(self.data.packed(form), rest)
        return packed(self.data.render(form) + rest, encoding, QUICK)

    def filtering(self, form: Form, choice: Choice) -> Slices[bytes]:
        """The part that is chosen, made with pauses."""
        chosen: list[bytes] = []
        for block in choice.among(self.data):
            chosen.append(block.render_sources(form, choice.keeps))
            yield
        own = [block.render(form) for block in choice.among(self.own)]
        return b"".join((*chosen, *own, END[form]))


@dataclass(frozen=True, slots=True)
class Choice:
    """`name[]`, `collect[]` and `exclude[]` of one scrape; empty means everything."""

    names: frozenset[str] = frozenset()
    collect: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.names or self.collect or self.exclude)

    def keeps(self, source: str | None) -> bool:
        return source in self.collect if self.collect else source not in self.exclude

    def among(self, part: Part) -> Iterator[Block]:
        for name, block in part.blocks.items():
            if not self.names or not self.names.isdisjoint(sample_names(name, block.family.kind)):
                yield block


def sample_names(name: str, kind: Kind) -> tuple[str, ...]:
    """Names under which a family may be asked for: its own in either format, and those of its samples."""
    if kind is Kind.COUNTER:
        return (name, name.removesuffix("_total"))
    return (name, f"{name}_bucket", f"{name}_sum", f"{name}_count") if kind is Kind.HISTOGRAM else (name,)
