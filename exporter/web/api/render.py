"""Bodies that change with the world: rendered when it changes, in a thread; a request only has them written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel

from exporter.web.answer import JSON, Answer, Ask, Handler
from exporter.web.api.queries import NoQuery, read
from exporter.web.packed import Packed

# The world is made anew at least this often.
FRESH_SECONDS: Final = 5
STABLE_SECONDS: Final = 3_600


def packed(model: type[BaseModel], value: Any, max_age: int = FRESH_SECONDS) -> Packed:
    """Raises pydantic.ValidationError where a body is not what the document promises: a bug."""
    return Packed(model.model_validate(value).model_dump_json(by_alias=True).encode(), JSON, max_age)


class Kept:
    """What was made last of what `basis` gave, which is compared by identity."""

    def __init__(self, basis: Callable[[], tuple[object, ...]], make: Callable[..., Packed]) -> None:
        self._basis, self._make = basis, make
        self._made: tuple[tuple[object, ...], Packed] | None = None

    def newest(self) -> Packed:
        return self.render() if self._made is None else self._made[1]

    def render(self) -> Packed:
        """Anew if the basis has changed."""
        basis = self._basis()
        if self._made is None or not all(new is old for new, old in zip(basis, self._made[0], strict=True)):
            self._made = basis, self._make(*basis)
        return self._made[1]


def kept_page(newest: Callable[[], Packed]) -> Handler:
    async def answer(ask: Ask) -> Answer:
        if ask.query:
            read(NoQuery, ask.parameters())
        return newest().answer(ask)

    return answer
