"""How several readers share a project's tasks."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from annotate.studio.fetching import _LAST, _ends


@given(st.sets(st.integers(1, 5_000)), st.integers(1, 400), st.integers(1, 5))
def test_every_task_is_in_one_share_that_is_no_larger_than_a_page(
    numbers: set[int], size: int, jobs: int
) -> None:
    expected = sorted(numbers)
    ends = _ends(expected, size, jobs)
    bounds = [0, *(expected.index(end) + 1 for end in ends), len(expected)]
    sizes = [last - first for first, last in pairwise(bounds)]
    assert sum(sizes) == len(expected)
    assert all(0 < one <= size for one in sizes) or not expected
    assert sorted(sizes, reverse=True) == sizes


@given(st.integers(1, 3_000), st.integers(2, 5))
def test_the_last_shares_of_several_readers_are_small(count: int, jobs: int) -> None:
    """So that nobody waits long for another one."""
    expected = list(range(count))
    begun = 0
    for end in _ends(expected, 400, jobs):
        part = end + 1 - begun
        assert part <= max(_LAST, (count - begun) // jobs)
        begun = end + 1
    assert count - begun <= max(_LAST, (count - begun) // jobs)
