"""When an alert fires over evaluated moments, as Prometheus does it."""

import pytest

from prometheus.replaying.firing import Alarm, alarms

TIMES = range(0, 100, 10)


@pytest.mark.parametrize(
    ("held", "wait", "keep", "want"),
    [
        ([], 0, 0, []),
        ([20], 0, 0, [(20, 20)]),
        ([20, 30, 40], 20, 0, [(40, 40)]),
        ([20, 30], 20, 0, []),
        ([20, 40, 50, 60], 20, 0, [(60, 60)]),
        ([20], 0, 20, [(20, 40)]),
        ([20, 40], 0, 20, [(20, 60)]),
        ([20, 60], 0, 20, [(20, 40), (60, 80)]),
        ([80, 90], 0, 0, [(80, 90)]),
        ([80], 0, 50, [(80, 90)]),
    ],
)
def test_an_alarm_begins_after_for_and_ends_after_keep_firing_for(
    held: list[int], wait: int, keep: int, want: list[tuple[int, int]]
) -> None:
    assert list(alarms(TIMES, frozenset(held), wait, keep)) == [Alarm(*one) for one in want]
