"""What a recorded body must become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.errors import BodyError, Reason
from exporter.spec import PREFIX, Endpoint, Source


@dataclass(frozen=True, slots=True)
class Good:
    """Read by `endpoint`. Selectors without the prefix in `samples` and in `absent`, which must not be stated."""

    endpoint: str
    samples: Mapping[str, float]
    absent: tuple[str, ...] = ()
    data_time: float | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)
    unknown: int = 0
    read_at: float | None = None


@dataclass(frozen=True, slots=True)
class Bad:
    """Refused by `endpoint` as a whole; `words` occur in the message."""

    endpoint: str
    reason: Reason
    words: str = ""
    read_at: float | None = None


def check(source: Source, file: Path, want: Good | Bad) -> None:
    endpoint = next(one for one in source.endpoints if one.name == want.endpoint)
    if isinstance(want, Bad):
        check_refusal(endpoint, file, want)
        return
    parsed = endpoint.read(file.read_bytes(), read_at=want.read_at)
    found = {sample.key.removeprefix(PREFIX): sample.value for sample in parsed.samples}
    missing = want.samples.keys() - found.keys()
    assert not missing, f"missing {sorted(missing)}"
    assert {key: found[key] for key in want.samples} == pytest.approx(dict(want.samples))
    assert not found.keys() & set(want.absent)
    assert parsed.data_time == want.data_time
    assert dict(parsed.rejected) == dict(want.rejected)
    assert parsed.unknown_fields == want.unknown


def check_refusal(endpoint: Endpoint, file: Path, want: Bad) -> None:
    with pytest.raises(BodyError) as caught:
        endpoint.read(file.read_bytes(), read_at=want.read_at)
    assert caught.value.reason is want.reason
    assert want.words in str(caught.value)
