"""Holds for every endpoint of every source, from the examples each source registers."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from exporter.errors import BodyError, Reason
from exporter.origin import fields_of
from exporter.payload import Field, Payload
from exporter.sources.registry import SOURCES
from exporter.spec import PREFIX, Endpoint, Parsed, Source
from tests.unit.sources.example import Example, encoded


def answers_json(endpoint: Any) -> bool:
    return endpoint.payload is not str and endpoint.load is None


ENDPOINTS = [
    pytest.param(source, endpoint, id=f"{source.name}-{endpoint.name}")
    for source in SOURCES
    for endpoint in source.endpoints
]
every_endpoint = pytest.mark.parametrize(("source", "endpoint"), ENDPOINTS)
every_json_endpoint = pytest.mark.parametrize(
    ("source", "endpoint"), [case for case in ENDPOINTS if answers_json(case.values[1])]
)

# What a field may turn into overnight.
STRANGE_VALUES: tuple[object, ...] = (None, "strange", "", True, -1, 0, 1e400, [], {}, [[]])

# A row's own time weighs or places the row; HELP names what the row says.
ROW_TIMES = frozenset({"added", "timestamp"})


def example_of(source: Source, endpoint: Endpoint) -> Example:
    examples = importlib.import_module(f"tests.unit.sources.{source.name}.examples").EXAMPLES
    assert endpoint.name in examples, f"no example for {source.name} {endpoint.name}"
    example = examples[endpoint.name]
    assert isinstance(example, Example)
    return example


def read(endpoint: Endpoint, body: str | bytes, example: Example) -> Parsed:
    return endpoint.read(encoded(body), read_at=example.read_at)


def selectors(parsed: Parsed) -> dict[str, float]:
    return {sample.key.removeprefix(PREFIX): sample.value for sample in parsed.samples}


@every_endpoint
def test_a_good_body_yields_exactly_the_expected_samples(source: Source, endpoint: Endpoint) -> None:
    example = example_of(source, endpoint)
    parsed = read(endpoint, example.body, example)
    assert selectors(parsed) == pytest.approx(dict(example.samples))
    assert len(parsed.samples) == len(example.samples), "one series twice"
    times = {sample.key.removeprefix(PREFIX): sample.data_time for sample in parsed.samples}
    assert {key: time for key, time in times.items() if time is not None} == dict(example.times)
    assert parsed.data_time == example.data_time


@every_endpoint
def test_a_good_body_has_no_refused_and_no_unknown_field(source: Source, endpoint: Endpoint) -> None:
    example = example_of(source, endpoint)
    parsed = read(endpoint, example.body, example)
    assert dict(parsed.rejected) == {}
    assert parsed.unknown_fields == 0


@every_endpoint
def test_a_good_body_shows_every_family_the_endpoint_declares(source: Source, endpoint: Endpoint) -> None:
    example = example_of(source, endpoint)
    shown = {sample.metric.name for sample in read(endpoint, example.body, example).samples}
    assert shown == {metric.name for metric in endpoint.origins}


@every_endpoint
def test_an_endpoint_states_when_its_data_are_too_old(source: Source, endpoint: Endpoint) -> None:
    assert 0 < endpoint.interval <= endpoint.max_age < math.inf, source.name


@every_endpoint
def test_an_endpoint_that_borrows_its_age_names_one_that_tells_it(source: Source, endpoint: Endpoint) -> None:
    if endpoint.as_of is not None:
        assert endpoint.as_of in {one.name for one in source.endpoints if one.data_time}


@every_endpoint
def test_listed_bodies_are_refused_for_the_stated_reason(source: Source, endpoint: Endpoint) -> None:
    example = example_of(source, endpoint)
    assert example.refused, f"no refused body for {source.name} {endpoint.name}"
    for why, refusal in example.refused.items():
        with pytest.raises(BodyError) as caught:
            read(endpoint, refusal.body, example)
        assert caught.value.reason is refusal.reason, f"{why}: {caught.value}"
        assert str(caught.value), why


@every_endpoint
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"<html><body><h1>429 Too Many Requests</h1></body></html>", id="a page of a proxy"),
        pytest.param(b"\xff\xfe\x00", id="bytes that are not text"),
        pytest.param(b"Service Unavailable", id="plain text"),
        pytest.param(b"{", id="half an object"),
    ],
)
def test_garbage_is_refused_as_a_whole(source: Source, endpoint: Endpoint, body: bytes) -> None:
    with pytest.raises(BodyError):
        read(endpoint, body, example_of(source, endpoint))


@every_json_endpoint
def test_an_error_under_status_200_is_an_error(source: Source, endpoint: Endpoint) -> None:
    for body, reason in (
        ({"error": "Failed to get node"}, Reason.ERROR_BODY),
        ({"status": {"error_code": 10010, "error_message": "wrong host for this key"}}, Reason.ERROR_BODY),
        ({"status": {"error_code": 429, "error_message": "slow down"}}, Reason.RATE_LIMITED),
        ({"detail": "Request was throttled. Expected available in 63768 seconds."}, Reason.RATE_LIMITED),
    ):
        with pytest.raises(BodyError) as caught:
            read(endpoint, json.dumps(body), example_of(source, endpoint))
        assert caught.value.reason is reason


@every_endpoint
def test_one_strange_field_costs_at_most_the_body_and_never_a_crash(source: Source, endpoint: Endpoint) -> None:
    example = example_of(source, endpoint)
    for body in strange_bodies(example):
        try:
            parsed = read(endpoint, body, example)
        except BodyError:
            continue
        assert parsed.rejected.keys() <= endpoint.fields()
        for sample in parsed.samples:
            low, high = sample.metric.bounds
            assert low <= sample.value <= high
            assert sample.metric in endpoint.origins


@every_json_endpoint
def test_a_field_that_disappears_everywhere_changes_no_other_value(source: Source, endpoint: Endpoint) -> None:
    """What cannot be known any more is absent; it must not turn into zero, or into better news."""
    example = example_of(source, endpoint)
    good = selectors(read(endpoint, example.body, example))
    for name in sorted(required_names(endpoint.payload)):
        for body in (without(example, name), without(example, name, instead={"strange": 1})):
            try:
                found = selectors(read(endpoint, body, example))
            except BodyError:
                continue
            changed = {key for key in found.keys() & good.keys() if found[key] != pytest.approx(good[key])}
            assert not changed, f"{name}: {changed}"


def required_names(payload: Any, seen: frozenset[Any] = frozenset()) -> set[str]:
    found: set[str] = set()
    if isinstance(payload, type) and issubclass(payload, Payload) and payload not in seen:
        for name, info in payload.model_fields.items():
            if not any(isinstance(part, Field) and not part.required for part in info.metadata):
                found.add(name)
            found |= required_names(info.annotation, seen | {payload})
    for part in get_args(payload):
        found |= required_names(part, seen)
    return found


GONE = object()


def without(example: Example, name: str, instead: object = GONE) -> bytes:
    """The good body with the field taken away, or replaced, wherever it stands."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {key: clean(inner) for key, inner in value.items() if key != name or instead is not GONE}
            return {key: instead if key == name else inner for key, inner in kept.items()}
        return [clean(inner) for inner in value] if isinstance(value, list) else value

    return encode(clean(json.loads(encoded(example.body))))


def strange_bodies(example: Example) -> Iterator[bytes]:
    """The good body with one value replaced, for each value and each strange one."""
    try:
        good = json.loads(encoded(example.body))
    except ValueError:
        return
    for path in tuple(paths(good)):
        for strange in STRANGE_VALUES:
            if not path:
                yield encode(strange)
                continue
            holder = good
            for step in path[:-1]:
                holder = holder[step]
            value, holder[path[-1]] = holder[path[-1]], strange
            yield encode(good)
            holder[path[-1]] = value


def encode(value: Any) -> bytes:
    # Python writes infinity where JSON has 1e400.
    return json.dumps(value).replace("Infinity", "1e400").encode()


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield prefix
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*prefix, key))
    elif isinstance(value, list):
        # The first and the last stand for the others.
        for index in sorted({0, len(value) - 1}) if value else ():
            yield from paths(value[index], (*prefix, index))


def numbers(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Ways to every number by the keys that lead there."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def moved(value: Any, path: tuple[str, ...]) -> Any:
    """The body with every number at the end of `path` a little larger."""
    if isinstance(value, list):
        return [moved(inner, path) for inner in value]
    if isinstance(value, dict):
        return {key: moved(inner, path[1:]) if path[:1] == (key,) else inner for key, inner in value.items()}
    if path or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value + max(1, value // 50) if isinstance(value, int) else value * 1.02


@every_json_endpoint
def test_a_field_moves_only_families_that_name_it(source: Source, endpoint: Endpoint) -> None:
    example = example_of(source, endpoint)
    body = json.loads(encoded(example.body))
    good = {sample.key: sample for sample in read(endpoint, example.body, example).samples}
    # Rows that are arrays have places instead of names.
    for path in filter(None, dict.fromkeys(numbers(body))):
        try:
            samples = read(endpoint, json.dumps(moved(body, path)), example).samples
        except BodyError:
            continue
        for sample in samples:
            if sample.key in good and sample.value != good[sample.key].value:
                named = {*fields_of(endpoint.origins[sample.metric], good[sample.key]), *ROW_TIMES}
                assert "body" in named or named & set(path), f"{sample.key} moves with {'.'.join(path)}"
