"""Cents become text in one way."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.money import MINUS, dollars, in_dollars


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "$0.00"),
        (5, "$0.05"),
        (-5, f"{MINUS}$0.05"),
        (123_456, "$1,234.56"),
        (-100_000_000, f"{MINUS}$1,000,000.00"),
    ],
)
def test_cents_are_written_as_dollars(cents: int, text: str) -> None:
    assert dollars(cents) == text


def test_an_unknown_amount_is_a_dash_and_not_zero() -> None:
    assert dollars(None) == "\N{EN DASH}"


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_what_is_written_reads_back_to_the_same_cents(cents: int) -> None:
    assert Decimal(re.sub(r"[$,]", "", dollars(cents)).replace(MINUS, "-")) * 100 == cents


@pytest.mark.parametrize(
    ("sentence", "read"),
    [
        ("charge of 4000 cents, 0 cents in the Stripe balance", "charge of $40.00, $0.00 in the Stripe balance"),
        ("posted with a residual of -5 cents", f"posted with a residual of {MINUS}$0.05"),
        ("stripe_unclassified holds 123456 cents", "stripe_unclassified holds $1,234.56"),
        (
            "trace 8831207, paid on 2026-09-30, an unreadable amount",
            "trace 8831207, paid on 2026-09-30, an unreadable amount",
        ),
        ("A whole number of cents.", "A whole number of cents."),
    ],
)
def test_a_sentence_that_is_kept_in_cents_is_read_in_dollars(sentence: str, read: str) -> None:
    assert in_dollars(sentence) == read
