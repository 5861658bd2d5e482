"""Strict YAML: plain data, the line of every key, and as mistakes what we refuse: double keys, tags, self-reference."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, cast

import yaml

from exporter.configuration.mistakes import Mistake, Path, dotted, shown


@dataclass(slots=True)
class Document:
    """`lines` by path, counted from 1."""

    name: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def where(self, path: Path) -> str:
        """File and line of the nearest key that is written."""
        while path and path not in self.lines:
            path = path[:-1]
        line = self.lines.get(path)
        return f"{self.name}:{line}" if line else self.name


def read(path: FilePath) -> Document:
    try:
        content = path.read_bytes()
    except OSError as error:
        unreadable = Mistake(str(path), "(file)", error.strerror or type(error).__name__, "a readable file")
        return Document(str(path), mistakes=[unreadable])
    return parse(str(path), content)


def parse(name: str, content: bytes) -> Document:
    document = Document(name)
    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        document.mistakes.append(_syntax(name, error))
        return document
    if node is not None:
        document.data = _Reader(document).value(node, (), frozenset())
    return document


def _syntax(name: str, error: yaml.YAMLError) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}" if mark else name
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return Mistake(where, "(file)", problem, "YAML")


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.constructor = yaml.constructor.SafeConstructor()

    def mistake(self, node: yaml.Node, path: Path, got: str, expected: str) -> None:
        where = f"{self.document.name}:{node.start_mark.line + 1}"
        self.document.mistakes.append(Mistake(where, dotted(path), got, expected))

    def value(self, node: yaml.Node, path: Path, above: frozenset[int]) -> Any:
        if id(node) in above:
            self.mistake(node, path, "a value that contains itself", "no anchor that refers to a parent")
            return None
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        inside = above | {id(node)}
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path, inside)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index), inside) for index, item in enumerate(node.value)]
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: Path, above: frozenset[int]) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.scalar(key_node, path) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                self.mistake(key_node, path, f"the key {shown(key)}", "a key that is text")
                continue
            here = (*path, key)
            if key in found:
                self.mistake(key_node, here, "the key twice", f"it once (first on line {self.document.lines[here]})")
                continue
            self.document.lines[here] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, here, above)
        return found

    def scalar(self, node: yaml.Node, path: Path) -> Hashable:
        try:
            return cast(Hashable, self.constructor.construct_object(node))
        except (yaml.constructor.ConstructorError, ValueError) as error:
            problem = getattr(error, "problem", None) or str(error)
            self.mistake(node, path, problem, "a plain value")
            return None
