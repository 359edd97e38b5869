"""The slow way to read an element: texts, amounts in cents, quantities, dates."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

BLANKS = " \t\x00\x1a\x0b\x0c"
"""What is taken off both ends of a value, and nothing else."""

LARGEST_CENTS = 2**63 - 1
"""The largest amount the books hold (a bigint)."""

_AMOUNT = re.compile(r"(-?)(?:([0-9]+)(?:\.([0-9]{0,2}))?|\.([0-9]{1,2}))")
_QUANTITY = re.compile(r"-?(?:[0-9]{1,15}(?:\.[0-9]{0,3})?|\.[0-9]{1,3})")
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MOST_DIGITS = 18  # X12 data element 782


def cents(text: str) -> int | None:
    """Return an X12 amount (`100`, `100.`, `.5`, `-20`; at most 18 digits, two of them decimals) in cents, or null."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    sign, whole, after, only = match.groups()
    whole, after = whole or "", after or only or ""
    if len(whole) + len(after) > _MOST_DIGITS:
        return None
    amount = int(whole or "0") * 100 + int(after.ljust(2, "0"))
    if amount > LARGEST_CENTS:
        return None
    return -amount if sign else amount


def quantity(text: str) -> Decimal | None:
    """Return a count of units, which may be parts (at most three decimals); null where it is no number."""
    return Decimal(text) if _QUANTITY.fullmatch(text) else None


def day(text: str) -> date | None:
    """Return a date as X12 writes it (CCYYMMDD); null where it is none."""
    match = _DATE.fullmatch(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def organisation(text: str) -> str | None:
    """Read a payer's name: Latin-1 as it was read, or UTF-8 where its bytes are that."""
    try:
        return text.encode("latin-1").decode("utf-8").strip(BLANKS) or None
    except UnicodeError:
        return text.strip(BLANKS) or None


def text(value: str) -> str | None:
    """Return an element without blanks around it; null where it is empty."""
    return value.strip(BLANKS) or None
