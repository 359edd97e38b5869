"""What stands in a span of bytes, `[begin, end)`: an amount, a quantity, a date, a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.jit import within
from ingestion.era835.tokens import LONGER, LONGEST

if TYPE_CHECKING:
    from ingestion.era835.tokens import Bytes

MISSING, READ, UNREADABLE = 0, 1, 2
"""What became of a span: it is empty, its value was read, or it is no such value."""

LARGEST = 2**63 - 1
"""The largest amount the books hold, in cents (a bigint)."""

_MOST_DIGITS = 18  # X12 data element 782
_BLANKS = np.zeros(256, np.bool_)
_BLANKS[[0x20, 0x09, 0x00, 0x1A, 0x0B, 0x0C]] = True
_FNV_START, _FNV_PRIME = -3750763034362895579, 1099511628211


@within
def trimmed(data: Bytes, begin: int, end: int) -> tuple[int, int]:
    """Return the span without blanks around it."""
    while begin < end and _BLANKS[data[begin]]:
        begin += 1
    while end > begin and _BLANKS[data[end - 1]]:
        end -= 1
    return begin, end


@within
def packed(data: Bytes, begin: int, end: int) -> int:
    """Return a text as a number, see `tokens.packed`: equal for equal texts of up to three characters."""
    if end - begin > LONGEST:
        return LONGER
    number = 0
    for at in range(begin, end):
        number = number * 256 + data[at]
    return number


@within
def found(data: Bytes, begin: int, end: int, mark: int) -> int:
    """Return where a byte stands first; `end` where it does not."""
    while begin < end and data[begin] != mark:
        begin += 1
    return begin


@within
def scaled(data: Bytes, begin: int, end: int, decimals: int, most_whole: int) -> tuple[int, int]:
    """Read a decimal number (`100`, `100.`, `.5`, `-20`) as a whole number of its last allowed decimal.

    At most `most_whole` digits stand before the point, `decimals` after it, and 18 in all. Returns what became of the
    span as well.
    """
    if begin == end:
        return 0, MISSING
    negative = data[begin] == ord("-")
    value = digits = whole = 0
    places = -1
    for at in range(begin + negative, end):
        byte = data[at]
        if byte == ord(".") and places < 0:
            places = 0
        elif ord("0") <= byte <= ord("9") and digits < _MOST_DIGITS and places < decimals:
            value = value * 10 + (byte - ord("0"))
            digits += 1
            if places >= 0:
                places += 1
            else:
                whole += 1
        else:
            return 0, UNREADABLE
    for _ in range(decimals - max(places, 0)):
        if value > LARGEST // 10:
            return 0, UNREADABLE
        value *= 10
    if digits == 0 or whole > most_whole:
        return 0, UNREADABLE
    return (-value if negative else value), READ


@within
def day(data: Bytes, begin: int, end: int) -> tuple[int, int]:
    """Read a date (CCYYMMDD) as days since 1970-01-01; returns what became of the span as well."""
    if begin == end:
        return 0, MISSING
    if end - begin != 8:  # noqa: PLR2004 - CCYYMMDD
        return 0, UNREADABLE
    number = 0
    for at in range(begin, end):
        if not ord("0") <= data[at] <= ord("9"):
            return 0, UNREADABLE
        number = number * 10 + (data[at] - ord("0"))
    year, month, date = number // 10000, number // 100 % 100, number % 100
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 28 + leap if month == 2 else 30 + ((month + month // 8) & 1)  # noqa: PLR2004 - February
    if year < 1 or not 1 <= month <= 12 or not 1 <= date <= longest:  # noqa: PLR2004 - months
        return 0, UNREADABLE
    # Days of the years before, counted in years that begin in March: the leap day is the last one.
    shifted = year - (month <= 2)  # noqa: PLR2004 - January and February belong to the year before
    before = shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400
    return before + (153 * ((month + 9) % 12) + 2) // 5 + date - 1 - 719468, READ


@within
def hashed(data: Bytes, begin: int, end: int) -> int:
    """Return a 64-bit FNV-1a hash of a span; of an empty one 0."""
    if begin == end:
        return 0
    value = _FNV_START
    for at in range(begin, end):
        value = (value ^ data[at]) * _FNV_PRIME
    return value
