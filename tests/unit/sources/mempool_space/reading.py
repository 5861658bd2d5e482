"""Short ways to read one body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.errors import BodyError, Reason
from exporter.sources.mempool_space import SOURCE
from exporter.spec import PREFIX, Endpoint, Parsed

ENDPOINTS = {one.name: one for one in SOURCE.endpoints}


def endpoint(name: str) -> Endpoint:
    return ENDPOINTS[name]


def read(name: str, body: Any) -> Parsed:
    text = body if isinstance(body, str) else json.dumps(body)
    return endpoint(name).read(text.encode())


def samples(name: str, body: Any) -> dict[str, float]:
    return {sample.key.removeprefix(PREFIX): sample.value for sample in read(name, body).samples}


def refusal(name: str, body: Any) -> Reason:
    with pytest.raises(BodyError) as caught:
        read(name, body)
    return caught.value.reason
