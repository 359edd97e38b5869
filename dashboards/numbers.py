"""How figures that are no amounts are written, and how a figure's change is: with its sign and its unit."""

from decimal import Decimal

from dashboards.money import MINUS, dollars

_DASH = "\N{EN DASH}"
_BASIS_POINTS = 100


def written(value: int | Decimal | None, unit: str) -> str:
    """Write a figure by its unit: cents, count, ratio (basis points, 8735 is 87.4 %) or days; None as a dash."""
    if value is None:
        return _DASH
    if unit == "cents":
        return dollars(int(value))
    if unit == "ratio":
        return f"{_signed(Decimal(value) / _BASIS_POINTS)}\N{NO-BREAK SPACE}%"
    return f"{_signed(Decimal(value))}\N{NO-BREAK SPACE}days" if unit == "days" else f"{value:,}"


def changed(value: int | Decimal | None, unit: str) -> str:
    """Write what a figure changed by: its sign always, a ratio's in points."""
    if value is None:
        return _DASH
    if not value:
        return "no change"
    text = written(max(value, -value), unit).replace("%", "points")
    return f"{'+' if value > 0 else MINUS}{text}"


def _signed(number: Decimal) -> str:
    return f"{MINUS if number < 0 else ''}{abs(number):,.1f}"
