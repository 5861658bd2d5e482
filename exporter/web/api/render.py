"""Bodies that change with the world: rendered when it changes; a request only has them written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from pydantic import BaseModel

from exporter.slices import Slices, in_one_go
from exporter.turns import in_turns
from exporter.web.answer import JSON, Answer, Ask, Handler
from exporter.web.api.queries import NoQuery, read
from exporter.web.packed import Packed

# The world is made anew at least this often.
FRESH_SECONDS: Final = 5
# A reload may change it.
SELDOM_SECONDS: Final = 60
# Another version of the exporter may.
STABLE_SECONDS: Final = 3_600

fresh: Final = partial(Packed, content_type=JSON, max_age=FRESH_SECONDS)
seldom: Final = partial(Packed, content_type=JSON, max_age=SELDOM_SECONDS)


def writing(model: type[BaseModel], value: Callable[[], Any]) -> Slices[bytes]:
    """Raises pydantic.ValidationError where a body is not what the document promises: a bug."""
    found = value()
    yield
    checked = model.model_validate(found)
    yield
    return checked.model_dump_json(by_alias=True).encode()


def packed(model: type[BaseModel], value: Any, max_age: int = FRESH_SECONDS) -> Packed:
    """Raises as `writing`."""
    return Packed(in_one_go(writing(model, lambda: value)), JSON, max_age)


class Kept:
    """What was made last of what `basis` gave, which is compared by identity."""

    def __init__(
        self,
        basis: Callable[[], tuple[object, ...]],
        write: Callable[..., Slices[bytes]],
        pack: Callable[[bytes], Packed],
    ) -> None:
        self._basis, self._write, self._pack = basis, write, pack
        self._made: tuple[tuple[object, ...], Packed] | None = None
        self._one_writer = asyncio.Lock()

    def newest(self) -> Packed:
        return self.render() if self._made is None else self._made[1]

    def render(self) -> Packed:
        """Anew if the basis has changed."""
        basis = self._basis()
        if self._made is None or not _same(basis, self._made[0]):
            self._made = basis, self._pack(in_one_go(self._write(*basis)))
        return self._made[1]

    async def renew(self) -> Packed:
        """As `render`, in turns with others; a thread compresses, which does without the interpreter."""
        async with self._one_writer:
            basis = self._basis()
            if self._made is None or not _same(basis, self._made[0]):
                body = await in_turns(self._write(*basis))
                self._made = basis, await asyncio.to_thread(self._pack, body)
            return self._made[1]


def _same(basis: tuple[object, ...], before: tuple[object, ...]) -> bool:
    return all(new is old for new, old in zip(basis, before, strict=True))


def kept_page(newest: Callable[[], Packed]) -> Handler:
    async def answer(ask: Ask) -> Answer:
        if ask.query:
            read(NoQuery, ask.parameters())
        return newest().answer(ask)

    return answer


def fixed(document: Packed) -> Handler:
    async def answer(ask: Ask) -> Answer:
        return document.answer(ask)

    return answer
