"""Two times side by side: every figure of either, and what lies between them to the cent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboards.pages.compare import lines

SIDES = st.dictionaries(st.sampled_from("abcdef"), st.integers(-(10**12), 10**12))


@given(SIDES, SIDES)
def test_the_differences_lead_from_the_one_to_the_other(left: dict[str, int], right: dict[str, int]) -> None:
    found = lines(left, right)
    assert {line.name for line in found} == left.keys() | right.keys()
    both = [line for line in found if line.difference_cents is not None]
    assert {line.name for line in both} == left.keys() & right.keys()
    assert sum(line.difference_cents or 0 for line in both) == sum(right[line.name] - left[line.name] for line in both)
    equal = [line.difference_cents == 0 for line in found]
    assert equal == sorted(equal)
