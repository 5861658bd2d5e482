"""Computations that may be interrupted: generators that yield wherever a pause does no harm."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Slices = Generator[None, None, T]


def in_one_go(work: Slices[T]) -> T:
    try:
        while True:
            next(work)
    except StopIteration as done:
        result: T = done.value
        return result
