"""`/metrics`: ready bytes, or a choice of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from exporter.exposition.encoding import QUICK, Encoding, encoding_of, headers_of, packed
from exporter.exposition.negotiation import choose
from exporter.exposition.page import Choice
from exporter.exposition.publication import Publication
from exporter.web.answer import Answer, Ask, Handler, Refusal, echo

_PARAMETERS: Final = ("name[]", "collect[]", "exclude[]")
_HEADERS: Final = {one: {"Vary": "Accept, Accept-Encoding", **headers_of(one)} for one in Encoding}


def metrics_page(publication: Publication, names: Callable[[], Collection[str]], sources: Collection[str]) -> Handler:
    """`names`: every name that may be asked for, also those without a value at present."""
    given: dict[tuple[str, Encoding], Answer] = {}

    async def metrics(ask: Ask) -> Answer:
        form, content_type = choose(ask.headers.get("Accept", ""))
        encoding = encoding_of(ask.headers.get("Accept-Encoding", ""))
        if ask.query and (choice := _choice(ask.parameters(), names(), sources)):
            body = packed(publication.page().filtered(form, choice), encoding, QUICK)
            return Answer(body, content_type, headers=_HEADERS[encoding])
        body = publication.page().bytes_of(form, encoding)
        before = given.get((content_type, encoding))
        if before is None or before.body is not body:
            before = Answer(body, content_type, headers=_HEADERS[encoding], again=True)
            given[content_type, encoding] = before
        return before

    return metrics


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
