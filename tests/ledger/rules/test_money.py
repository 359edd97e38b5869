"""Shares of amounts."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.money import share_of


@given(
    amount=st.integers(0, 10**12),
    part=st.integers(0, 10**13),
    whole=st.integers(1, 10**13),
)
def test_a_share_is_the_exact_one_with_half_a_cent_going_up(amount: int, part: int, whole: int) -> None:
    assert share_of(amount, part, whole) == floor(Fraction(amount * part, whole) + Fraction(1, 2))


@pytest.mark.parametrize(
    ("amount", "part", "whole", "share"), [(1, 1, 2, 1), (3, 1, 2, 2), (100, 1, 3, 33), (0, 5, 1, 0)]
)
def test_examples_worked_out_by_hand(amount: int, part: int, whole: int, share: int) -> None:
    assert share_of(amount, part, whole) == share


@pytest.mark.parametrize(("amount", "part", "whole"), [(-1, 1, 2), (1, -1, 2), (1, 1, 0), (1, 1, -2)])
def test_no_share_comes_of_negative_numbers_or_of_nothing(amount: int, part: int, whole: int) -> None:
    with pytest.raises(ValueError, match="No share"):
        share_of(amount, part, whole)
