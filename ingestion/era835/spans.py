"""What stands in a span of bytes, `[begin, end)`: an amount, a quantity, a date, a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.jit import compiled, within
from ingestion.era835.words import ONES, are_digits, equal, first_bit, last_bytes, number, word_at

if TYPE_CHECKING:
    from ingestion.era835.jit import Bytes

MISSING, READ, UNREADABLE = 0, 1, 2
"""What became of a span: it is empty, its value was read, or it is no such value."""

LARGEST = 2**63 - 1
"""The largest amount the books hold, in cents (a bigint)."""

LONGEST = 3
LONGER = 1
"""What `packed` gives for a text of more than three characters."""

WORD = 8
_ZEROS = ONES * ord("0")
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
    if begin == end:
        return 0
    return LONGER if end - begin > LONGEST else last_bytes(data, begin, end)


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
    begin += negative
    value, state = _short(data, begin, end, decimals) if 0 < end - begin <= WORD else (0, UNREADABLE)
    if state == UNREADABLE:
        value, state = _long(data, begin, end, decimals, most_whole)
    return (-value if negative else value), state


@within
def _short(data: Bytes, begin: int, end: int, decimals: int) -> tuple[int, int]:
    """Read a decimal number of at most eight characters; what is not plain is left to others."""
    unused = 64 - 8 * (end - begin)
    word = word_at(data, end - WORD) & (-1 << unused) | _ZEROS & ~(-1 << unused)
    points = equal(word, ord("."))
    places = 0
    if points:
        point = first_bit(points) & -8
        places = 7 - (point >> 3)
        whole = word & ~(-1 << point)
        word = (word & (-1 << point << 8)) | (whole << 8) | ord("0")
    if end - begin == (points != 0) or places > decimals or not are_digits(word):
        return 0, UNREADABLE
    value = number(word)
    for _ in range(decimals - places):
        value *= 10
    return value, READ


@compiled
def _long(data: Bytes, begin: int, end: int, decimals: int, most_whole: int) -> tuple[int, int]:
    value = digits = whole = 0
    places = -1
    for at in range(begin, end):
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
    return value, READ


@within
def day(data: Bytes, begin: int, end: int) -> tuple[int, int]:
    """Read a date (CCYYMMDD) as days since 1970-01-01; returns what became of the span as well."""
    if begin == end:
        return 0, MISSING
    if end - begin != WORD or not are_digits(word_at(data, begin)):
        return 0, UNREADABLE
    digits = number(word_at(data, begin))
    year, month, date = digits // 10000, digits // 100 % 100, digits % 100
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
    """Return a 64-bit hash of a span (FNV-1a, eight bytes at a time); of an empty one 0."""
    if begin == end:
        return 0
    value = _FNV_START ^ (end - begin)
    while end - begin > WORD:
        value = (value ^ word_at(data, begin)) * _FNV_PRIME
        value ^= (value >> 32) & 0xFFFFFFFF
        begin += WORD
    value = (value ^ last_bytes(data, begin, end)) * _FNV_PRIME
    return value ^ ((value >> 32) & 0xFFFFFFFF)
