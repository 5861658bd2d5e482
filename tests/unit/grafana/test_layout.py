"""Where panels stand on the grid."""

from __future__ import annotations

import pytest

from grafana.generator.layout import COLUMNS, Place, Size, evenly, placed


@pytest.mark.parametrize(
    ("sizes", "want"),
    [
        ([], []),
        ([(12, 8), (12, 8)], [(0, 0), (12, 0)]),
        ([(16, 8), (12, 4)], [(0, 0), (0, 8)]),
        ([(18, 8), (3, 4), (3, 4), (3, 4), (3, 4)], [(0, 0), (18, 0), (21, 0), (18, 4), (21, 4)]),
    ],
    ids=["nothing", "side by side", "too wide for one line", "small ones beside a tall one"],
)
def test_panels_stand_as_high_up_and_as_far_left_as_they_fit(
    sizes: list[tuple[int, int]], want: list[tuple[int, int]]
) -> None:
    assert list(placed([Size(*one) for one in sizes])) == [Place(*one) for one in want]


def test_a_panel_wider_than_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="25 columns"):
        list(placed([Size(25, 8)]))


@pytest.mark.parametrize(
    ("number", "want"),
    [
        (1, (24,)),
        (2, (12, 12)),
        (3, (8, 8, 8)),
        (4, (12, 12, 12, 12)),
        (5, (12, 12, 8, 8, 8)),
        (7, (12,) * 4 + (8,) * 3),
    ],
)
def test_lines_have_no_gap_and_the_first_panels_are_the_wide_ones(number: int, want: tuple[int, ...]) -> None:
    assert evenly(number) == want


@pytest.mark.parametrize("most", [2, 3, 4])
@pytest.mark.parametrize("number", range(1, 30))
def test_any_number_of_panels_fills_whole_lines(number: int, most: int) -> None:
    assert len(evenly(number, most)) == number
    assert sum(evenly(number, most)) % COLUMNS == 0
