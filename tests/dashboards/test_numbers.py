"""Figures that are no amounts, and changes, are written in one way."""

from decimal import Decimal

import pytest

from dashboards.money import MINUS
from dashboards.months import a_year_before, before, days_of, span
from dashboards.numbers import changed, written

NARROW = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (123_456, "cents", "$1,234.56"),
        (1_234, "count", "1,234"),
        (Decimal("8735.5000"), "ratio", f"87.4{NARROW}%"),
        (Decimal("-0.4000"), "ratio", f"{MINUS}0.0{NARROW}%"),
        (Decimal("31.2500"), "days", f"31.2{NARROW}days"),
        (None, "ratio", "\N{EN DASH}"),
    ],
)
def test_a_figure_is_written_by_its_unit(value: int | Decimal | None, unit: str, text: str) -> None:
    assert written(value, unit) == text


def test_a_change_always_has_its_sign() -> None:
    assert changed(100, "cents") == "+$1.00"
    assert changed(-100, "cents") == f"{MINUS}$1.00"
    assert changed(Decimal("-250.0000"), "ratio") == f"{MINUS}2.5{NARROW}points"
    assert changed(0, "count") == "no change"
    assert changed(None, "days") == "\N{EN DASH}"


def test_months_go_over_the_year() -> None:
    assert before("2026-01") == "2025-12"
    assert before("2026-03", 14) == "2025-01"
    assert a_year_before("2026-02") == "2025-02"
    assert days_of("2028-02") == "2028-02-01..2028-02-29"
    assert span("2025-11", "2026-01") == ["2025-11", "2025-12", "2026-01"]
