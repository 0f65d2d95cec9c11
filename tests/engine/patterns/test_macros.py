"""Macros as clamscan counts them; the figures are what clamscan 1.4.6 said of such files."""

import pytest

from garrison.engine.patterns.macros import recount


@pytest.mark.parametrize(
    ("before", "group", "counts"),
    [
        ([0], [7], (1, 0)),
        ([0, 17], [7, 24], (1, 1)),
        ([0, 15, 30], [7, 22, 37], (2, 2)),
        ([0, 32], [7], (2, 2)),
        ([0, 26], [], (1, 0)),
        ([], [7], (0, 0)),
    ],
)
def test_a_macro_counts_when_the_part_before_it_recurs(
    before: list[int], group: list[int], counts: tuple[int, int]
) -> None:
    assert recount(before, group, 5, 10) == counts
