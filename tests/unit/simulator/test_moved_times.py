from __future__ import annotations

import pytest

from simulator.clock import DAY
from simulator.moved_times import DatedBody, Form, TimeField

HOUR = 3_600

MOVES: list[tuple[str, tuple[TimeField, ...], float, str]] = [
    ('{"time":1700000000,"USD":1700000001}', (TimeField("time"),), HOUR, '{"time":1700003600,"USD":1700000001}'),
    ('[{"x":1700000000},{"x":1700086400}]', (TimeField("[].x"),), DAY, '[{"x":1700086400},{"x":1700172800}]'),
    ("[[1700000000,5,1.5E7]]", (TimeField("[][0]"),), DAY, "[[1700086400,5,1.5E7]]"),
    ('{"n":{"a":[0,1700000000],"b":[0,0]}}', (TimeField("n.*[1]"),), 1, '{"n":{"a":[0,1700000001],"b":[0,0]}}'),
    (
        '{"timestamp":1791193160000.0,"y":1.5E7}',
        (TimeField("timestamp", Form.MILLISECONDS),),
        0.5,
        '{"timestamp":1791193160500.0,"y":1.5E7}',
    ),
    (
        '{"url":"/snapshots/1789843317/","results":[{"timestamp":1789843317}]}',
        (TimeField("results[].timestamp"),),
        10,
        '{"url":"/snapshots/1789843327/","results":[{"timestamp":1789843327}]}',
    ),
    (
        '{"tx":{"time":1700000000},"replaces":[{"time":1699999000,"replaces":[]}]}',
        (TimeField("**.time"),),
        -1000,
        '{"tx":{"time":1699999000},"replaces":[{"time":1699998000,"replaces":[]}]}',
    ),
    ('{"a":"2026-08-30T00:00:00.000Z"}', (TimeField("a", Form.ISO),), DAY, '{"a":"2026-08-31T00:00:00.000Z"}'),
    ('{"a":"2026-08-30T00:00:00Z"}', (TimeField("a", Form.ISO),), 61, '{"a":"2026-08-30T00:01:01Z"}'),
    (
        "<t>down since Tue, 16 Dec 2025 01:02:03 +0000 </t>",
        (TimeField("", Form.RFC_822),),
        DAY,
        "<t>down since Wed, 17 Dec 2025 01:02:03 +0000 </t>",
    ),
]


@pytest.mark.parametrize(("text", "fields", "seconds", "want"), MOVES)
def test_only_the_declared_moments_move_and_keep_their_form(
    text: str, fields: tuple[TimeField, ...], seconds: float, want: str
) -> None:
    assert DatedBody.of(text, fields).moved(seconds) == want


def test_never_and_null_are_left_alone() -> None:
    text = '[{"at":0},{"at":null},{"at":1700000000}]'
    assert DatedBody.of(text, (TimeField("[].at"),)).moved(60) == '[{"at":0},{"at":null},{"at":1700000060}]'


def test_the_newest_moment_is_that_of_the_first_field() -> None:
    text = '{"old":[1600000000,1600000001],"future":1800000000}'
    assert DatedBody.of(text, (TimeField("old[]"), TimeField("future"))).newest == 1_600_000_001


@pytest.mark.parametrize(("text", "path"), [('{"a":1}', "b"), ('{"a":0}', "a"), ("{}", "a.b[]"), ("{", "a")])
def test_a_body_without_the_declared_moment_is_refused(text: str, path: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        DatedBody.of(text, (TimeField(path),))
