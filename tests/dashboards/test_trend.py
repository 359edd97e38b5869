"""Bars stand on one ground, keep the order of their values, and leave no month out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.trend import HEIGHT, WIDTH, bars, year_to


@pytest.mark.parametrize(
    ("last", "first"), [("2026-12", "2026-01"), ("2026-01", "2025-02"), ("2026-10", "2025-11"), ("0002-11", "0001-12")]
)
def test_a_year_ends_with_its_month(last: str, first: str) -> None:
    found = year_to(last)
    assert (found[0], found[-1], len(found)) == (first, last, 12)
    assert found == sorted(set(found))


@given(st.lists(st.none() | st.integers(0, 10**12), min_size=12, max_size=12))
def test_bars_lie_side_by_side_and_are_as_high_as_their_values(values: list[int | None]) -> None:
    periods = year_to("2026-10")
    drawn = bars(dict(zip(periods, values, strict=True)), periods)
    assert [bar.period for bar in drawn] == periods
    for bar, after in zip(drawn, [*drawn[1:], None], strict=True):
        assert bar.top + bar.height == HEIGHT
        assert 0 <= bar.left < bar.left + bar.width <= (after.left if after else WIDTH)
        assert (bar.height > 0) is bool(bar.value)
    known = sorted((bar.value, bar.height) for bar in drawn if bar.value is not None)
    assert [height for _, height in known] == sorted(height for _, height in known)
    if any(value for value, _ in known):
        assert known[-1][1] == HEIGHT


def test_nothing_known_draws_nothing() -> None:
    assert {bar.height for bar in bars({}, year_to("2026-10"))} == {0}
