"""Loops over spans, stretches of bytes `[start, end)`: amounts, dates, quantities and texts read straight from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.jit import compiled
from ingestion.era835.tokens import LONGER, LONGEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.tokens import Bytes, Positions

MISSING, READ, UNREADABLE = 0, 1, 2
"""What became of a span: it is empty, its value was read, or it is no such value."""

LARGEST = 2**63 - 1
"""The largest amount the books hold, in cents (a bigint)."""

_MOST_DIGITS = 18  # X12 data element 782
_BLANKS = np.zeros(256, np.bool_)
_BLANKS[[0x20, 0x09, 0x00, 0x1A, 0x0B, 0x0C]] = True
_WORDS = np.array([chr(byte).isalnum() for byte in range(256)])
_FNV_START, _FNV_PRIME = -3750763034362895579, 1099511628211
_HIGH, _LOWEST_OF_TWO, _CONTINUED = 0x80, 0xC0, 0x3F


@compiled
def of_elements(  # noqa: PLR0913, PLR0917 - where elements are, and which are wanted
    data: Bytes, first: Positions, starts: Positions, rows: Positions, bases: Positions, numbers: Positions
) -> tuple[Positions, Positions]:
    """Return the spans of elements `bases[i] + numbers[j]` of segment `rows[i]`, without blanks around them.

    A row of the result is a number, a column a segment; elements that are not there are empty.
    """
    begins, ends = np.zeros((numbers.size, rows.size), np.int32), np.zeros((numbers.size, rows.size), np.int32)
    for row in range(rows.size):
        last = first[rows[row] + 1] - 1
        for column in range(numbers.size):
            place = first[rows[row]] + bases[row] + numbers[column]
            if place < last:
                begins[column, row], ends[column, row] = _trimmed(data, starts[place], starts[place + 1] - 1)
    return begins, ends


@compiled
def of_parts(data: Bytes, begins: Positions, ends: Positions, marks: Bytes, count: int) -> tuple[Positions, Positions]:
    """Return the spans of the first `count` parts of each composite; `marks` is what separates the parts of each.

    A row of the result is a part, a column a composite.
    """
    part_begins, part_ends = np.zeros((count, begins.size), np.int32), np.zeros((count, begins.size), np.int32)
    for row in range(begins.size):
        at = begins[row]
        for part in range(count):
            end = at
            while end < ends[row] and data[end] != marks[row]:
                end += 1
            part_begins[part, row], part_ends[part, row] = _trimmed(data, at, end)
            if end == ends[row]:
                break
            at = end + 1
    return part_begins, part_ends


@compiled
def after_first_part(data: Bytes, begins: Positions, ends: Positions, marks: Bytes) -> tuple[Positions, Positions]:
    """Return the span of all parts of each composite but the first."""
    rest_begins, rest_ends = np.zeros(begins.size, np.int32), np.zeros(begins.size, np.int32)
    for row in range(begins.size):
        for at in range(begins[row], ends[row]):
            if data[at] == marks[row]:
                rest_begins[row], rest_ends[row] = _trimmed(data, at + 1, ends[row])
                break
    return rest_begins, rest_ends


@compiled
def _trimmed(data: Bytes, begin: int, end: int) -> tuple[int, int]:
    while begin < end and _BLANKS[data[begin]]:
        begin += 1
    while end > begin and _BLANKS[data[end - 1]]:
        end -= 1
    return begin, end


@compiled
def packed(data: Bytes, begins: Positions, ends: Positions) -> Positions:
    """Return each text as a number, see `tokens.packed`: equal for equal texts of up to three characters."""
    numbers = np.zeros(begins.size, np.int32)
    for row in range(begins.size):
        if ends[row] - begins[row] > LONGEST:
            numbers[row] = LONGER
            continue
        for at in range(begins[row], ends[row]):
            numbers[row] = numbers[row] * 256 + data[at]
    return numbers


@compiled
def component_marks(  # noqa: PLR0913, PLR0917 - composites, whose they are, and what separates them
    data: Bytes, begins: Positions, ends: Positions, owners: Positions, mark: int, first_mark: int
) -> tuple[Bytes, NDArray[np.bool_]]:
    """Tell what separates the parts of each composite, and where that turns out to be another character than `mark`.

    The first part has two characters: a sign after them, in a composite without the mark, is what the sender uses, for
    this composite and those after it of the same owner. `first_mark` holds for the first owner.
    """
    marks, switched = np.empty(begins.size, np.uint8), np.zeros(begins.size, np.bool_)
    current = first_mark
    for row in range(begins.size):
        if row and owners[row] != owners[row - 1]:
            current = mark
        found = False
        for at in range(begins[row], ends[row]):
            if data[at] == current:
                found = True
                break
        if not found and ends[row] - begins[row] > 2 and not _WORDS[data[begins[row] + 2]]:  # noqa: PLR2004 - ID 2/2
            current = data[begins[row] + 2]
            switched[row] = True
        marks[row] = current
    return marks, switched


@compiled
def scaled(
    data: Bytes, begins: Positions, ends: Positions, decimals: int, most_whole: int
) -> tuple[NDArray[np.int64], Bytes]:
    """Read decimal numbers (`100`, `100.`, `.5`, `-20`) as whole numbers of their last allowed decimal.

    At most `most_whole` digits stand before the point, `decimals` after it, and 18 in all.
    """
    values, states = np.zeros(begins.size, np.int64), np.zeros(begins.size, np.uint8)
    for row in range(begins.size):
        values[row], states[row] = _scaled(data, begins[row], ends[row], decimals, most_whole)
    return values, states


@compiled
def _scaled(data: Bytes, at: int, end: int, decimals: int, most_whole: int) -> tuple[int, int]:
    """Read one decimal number as a whole number of its last allowed decimal, and what became of it."""
    if at == end:
        return 0, MISSING
    negative = data[at] == ord("-")
    at += negative
    value = digits = whole = 0
    places = -1
    while at < end:
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
        at += 1
    for _ in range(decimals - max(places, 0)):
        if value > LARGEST // 10:
            return 0, UNREADABLE
        value *= 10
    if digits == 0 or whole > most_whole:
        return 0, UNREADABLE
    return (-value if negative else value), READ


@compiled
def days(data: Bytes, begins: Positions, ends: Positions) -> tuple[Positions, Bytes]:
    """Read dates (CCYYMMDD) as days since 1970-01-01."""
    values, states = np.zeros(begins.size, np.int32), np.zeros(begins.size, np.uint8)
    for row in range(begins.size):
        begin, end = begins[row], ends[row]
        if begin == end:
            continue
        states[row] = UNREADABLE
        number = 0
        for at in range(begin, end):
            if not ord("0") <= data[at] <= ord("9"):
                number = -1
                break
            number = number * 10 + data[at] - ord("0")
        if end - begin != 8 or number < 0:  # noqa: PLR2004 - CCYYMMDD
            continue
        year, month, day = number // 10000, number // 100 % 100, number % 100
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        if year < 1 or not 1 <= month <= 12:  # noqa: PLR2004 - months
            continue
        longest = 28 + leap if month == 2 else 30 + ((month + month // 8) & 1)  # noqa: PLR2004 - February
        if not 1 <= day <= longest:
            continue
        # Days of the years before, counted in years that begin in March: the leap day is the last one.
        shifted = year - (month <= 2)  # noqa: PLR2004 - January and February belong to the year before
        months = (month + 9) % 12
        before = shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400
        values[row] = before + (153 * months + 2) // 5 + day - 1 - 719468
        states[row] = READ
    return values, states


@compiled
def gathered(data: Bytes, begins: Positions, ends: Positions) -> tuple[Positions, Bytes]:
    """Gather ASCII spans: where each begins in the bytes (and the last one ends), and the bytes."""
    offsets = np.zeros(begins.size + 1, np.int32)
    for row in range(begins.size):
        offsets[row + 1] = offsets[row] + ends[row] - begins[row]
    out = np.empty(offsets[-1], np.uint8)
    for row in range(begins.size):
        to = offsets[row] - begins[row]
        for at in range(begins[row], ends[row]):
            out[to + at] = data[at]
    return offsets, out


@compiled
def joined(data: Bytes, begins: Positions, ends: Positions) -> tuple[Positions, Bytes]:
    """Gather Latin-1 spans as UTF-8, those of a row with `|` between them, without the empty ones.

    `begins` and `ends` have a row a text and a column a span of it. Returned is where each text begins in the bytes
    (and where the last one ends), and the bytes.
    """
    offsets = np.zeros(begins.shape[0] + 1, np.int32)
    for row in range(begins.shape[0]):
        length = 0
        for column in range(begins.shape[1]):
            length += ends[row, column] - begins[row, column] + (length > 0 and begins[row, column] < ends[row, column])
            for at in range(begins[row, column], ends[row, column]):
                length += data[at] >= _HIGH
        offsets[row + 1] = offsets[row] + length
    out = np.empty(offsets[-1], np.uint8)
    for row in range(begins.shape[0]):
        to = offsets[row]
        for column in range(begins.shape[1]):
            if offsets[row] < to and begins[row, column] < ends[row, column]:
                out[to] = ord("|")
                to += 1
            for at in range(begins[row, column], ends[row, column]):
                byte = data[at]
                if byte < _HIGH:
                    out[to] = byte
                    to += 1
                else:
                    out[to] = _LOWEST_OF_TWO | (byte >> 6)
                    out[to + 1] = _HIGH | (byte & _CONTINUED)
                    to += 2
    return offsets, out


@compiled
def hashed(data: Bytes, begins: Positions, ends: Positions) -> NDArray[np.int64]:
    """Return a 64-bit FNV-1a hash of each span; of an empty one 0."""
    hashes = np.zeros(begins.size, np.int64)
    for row in range(begins.size):
        if ends[row] > begins[row]:
            value = _FNV_START
            for at in range(begins[row], ends[row]):
                value = (value ^ data[at]) * _FNV_PRIME
            hashes[row] = value
    return hashes
