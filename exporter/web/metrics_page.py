"""`/metrics`: ready bytes, or a choice of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from exporter.exposition.encoding import QUICK, Encoding, encoding_of, headers_of, packed
from exporter.exposition.forms import Form
from exporter.exposition.negotiation import choose
from exporter.exposition.page import Choice, Page
from exporter.exposition.publication import Publication
from exporter.turns import in_turns
from exporter.web.answer import Answer, Ask, Handler, Refusal, echo

_PARAMETERS: Final = ("name[]", "collect[]", "exclude[]")
# The whole page in every form, and some parts of it.
MOST_GIVEN: Final = 64
_HEADERS: Final = {one: {"Vary": "Accept, Accept-Encoding", **headers_of(one)} for one in Encoding}


class Wanted(NamedTuple):
    form: Form
    content_type: str
    encoding: Encoding


def wanted(ask: Ask) -> Wanted:
    form, content_type = choose(ask.headers.get("Accept", ""))
    return Wanted(form, content_type, encoding_of(ask.headers.get("Accept-Encoding", "")))


class MetricsPage:
    """`names`: every name that may be asked for, also those without a value at present."""

    def __init__(
        self, publication: Publication, names: Callable[[], Collection[str]], sources: Collection[str]
    ) -> None:
        self._publication, self._names, self._sources = publication, names, sources
        # Answers of one page, by query and what the client takes.
        self._page: Page | None = None
        self._given: dict[tuple[str, Wanted], Answer] = {}

    def ready(self, ask: Ask) -> Handler | None:
        """What answers without anything to wait for: the whole page, or a part that was asked for before."""
        return self if not ask.query or (ask.query, wanted(ask)) in self._known() else None

    async def __call__(self, ask: Ask) -> Answer:
        known, key = self._known(), (ask.query, wanted(ask))
        found = known.get(key)
        if found is None:
            page, choice = self._publication.page(), self._choice(ask)
            body = await _part(page, choice, key[1]) if choice else page.bytes_of(key[1].form, key[1].encoding)
            found = Answer(body, key[1].content_type, headers=_HEADERS[key[1].encoding], again=True)
            if page is self._page and len(known) < MOST_GIVEN:
                known[key] = found
        return found

    def _choice(self, ask: Ask) -> Choice | None:
        return _choice(ask.parameters(), self._names(), self._sources) if ask.query else None

    def _known(self) -> dict[tuple[str, Wanted], Answer]:
        """Of the page as it is now."""
        page = self._publication.page()
        if page is not self._page:
            self._page = page
            self._given.clear()
        return self._given


async def _part(page: Page, choice: Choice, taken: Wanted) -> bytes:
    """In turns with whoever else wants one: a crowd of them must not keep the others waiting."""
    return packed(await in_turns(page.filtering(taken.form, choice)), taken.encoding, QUICK)


def _choice(parameters: Mapping[str, list[str]], names: Collection[str], sources: Collection[str]) -> Choice:
    chosen = [frozenset(parameters.get(name, ())) for name in _PARAMETERS]
    for parameter, values, known in zip(_PARAMETERS, chosen, (names, sources, sources), strict=True):
        for value in sorted(values):
            if value not in known:
                expected = "a metric family" if known is names else f"one of {', '.join(sorted(sources))}"
                raise Refusal(400, f"{parameter}: expected {expected}, got {echo(value)}")
    choice = Choice(*chosen)
    if choice.collect and choice.exclude:
        raise Refusal(400, "collect[] and exclude[]: expected only one of them")
    return choice
