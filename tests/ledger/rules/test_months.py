"""Months as text, against the calendar of Python."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.months import first_open, following, is_month, last_day, month_before, month_of

DAYS = st.dates(min_value=date(1970, 1, 1), max_value=date(2999, 12, 31))


@given(DAYS)
def test_a_month_ends_the_day_before_the_next_begins(day: date) -> None:
    month = month_of(day)
    assert is_month(month)
    assert month == f"{day:%Y-%m}"
    assert month_of(last_day(month)) == month
    assert month_of(last_day(month) + timedelta(days=1)) == following(month)
    assert month_before(last_day(month) + timedelta(days=1)) == month


@given(DAYS, st.sets(st.integers(min_value=0, max_value=6)))
def test_the_posting_month_is_the_first_from_then_on_that_is_open(day: date, closed_later: set[int]) -> None:
    months = [month_of(day)]
    for _ in range(7):
        months.append(following(months[-1]))
    closed = {months[place] for place in closed_later}
    found = first_open(months[0], closed)
    assert found not in closed
    assert set(months[: months.index(found)]) <= closed


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-01", "0000-01", "2026-10-01", "2026/10", "", "٢٠٢٦-01"]
)
def test_what_is_no_month(text: str) -> None:
    assert not is_month(text)
