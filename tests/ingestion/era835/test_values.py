"""Amounts, quantities and dates: what is one, what is none, and what of it may be shown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.era835.findings import dollars, shown
from ingestion.era835.values import cents, day, quantity


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("100", 10000),
        ("100.", 10000),
        (".5", 50),
        ("-.05", -5),
        ("-20", -2000),
        ("0", 0),
        ("-0", 0),
        ("007.10", 710),
        ("9999999999999999.99", 10**18 - 1),
        ("000000000000000100", 10000),
    ],
)
def test_an_x12_amount_is_read_to_the_cent(text: str, amount: int) -> None:
    assert cents(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "-",
        "-.",
        "+1",
        "1.234",
        "1,000",
        "1e3",
        "$5",
        "1 0",
        "٣",
        "²",
        "1.-2",
        "--1",
        "9" * 18,
        "1" * 19,
        "NaN",
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    assert cents(text) is None


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_an_amount_written_out_is_read_back(amount: int) -> None:
    assert cents(dollars(amount)) == amount


@given(st.text())
def test_no_text_makes_the_amount_reader_fail(text: str) -> None:
    amount = cents(text)
    assert amount is None or Decimal(text) * 100 == amount


def test_a_date_is_one_of_the_calendar_and_a_quantity_a_number() -> None:
    assert day("20240229") == date(2024, 2, 29)
    assert [day(text) for text in ("20230229", "240229", "", "2024-02-29", "²²²²²²²²", "00000000")] == [None] * 6
    assert quantity("1.5") == Decimal("1.5")
    assert [quantity(text) for text in ("", "one", "1.2345", "1" * 16)] == [None] * 4


def test_only_what_looks_like_an_amount_is_shown() -> None:
    assert [shown(text) for text in ("1,234.567", "$5", "12.")] == ["1,234.567", "$5", "12."]
    for text in ("123-45-6789", "SMITHSON", "1" * 19, "5 dollars"):
        assert text not in shown(text)
