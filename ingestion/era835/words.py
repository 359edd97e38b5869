"""Eight bytes at once, as one number: its lowest byte is the first of them.

Memory is that of a `bytes` object, which has a header in front: the eight bytes before any of its ends can be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir  # type: ignore[import-untyped] # the library has no types
from numba.core import types

from ingestion.era835.jit import primitive, within

if TYPE_CHECKING:
    from ingestion.era835.jit import Bytes

WIDE = 64
"""Bytes that are compared at once, where the processor can; where it cannot, they are compared in pieces."""

ONES = 0x0101010101010101
_LOW = 0x7F7F7F7F7F7F7F7F
_HIGH = -0x7F7F7F7F7F7F7F80  # 0x80 in each byte, as a number with a sign
_DIGITS, _OVER_NINE = ONES * ord("0"), ONES * (0x80 - 10)


@primitive
def word_at(_context: Any, memory: Any, _at: Any) -> Any:
    """Return the eight bytes of bare memory that begin at a place."""

    def generated(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return types.int64(memory, types.intp), generated


@primitive
def put_word(_context: Any, memory: Any, _at: Any, _word: Any) -> Any:
    """Write eight bytes to bare memory."""
    return types.void(memory, types.intp, types.int64), _stored(64)


@primitive
def put_half(_context: Any, memory: Any, _at: Any, _word: Any) -> Any:
    """Write the first four bytes of a word to bare memory."""
    return types.void(memory, types.intp, types.int64), _stored(32)


def _stored(size: int) -> Any:
    def generated(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        kind = ir.IntType(size)
        place = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), kind.as_pointer())
        value = builder.trunc(arguments[2], kind) if size < 64 else arguments[2]  # noqa: PLR2004 - bits of a word
        builder.store(value, place, align=1)
        return context.get_dummy_value()

    return generated


@primitive
def first_bit(_context: Any, _word: Any) -> Any:
    """Return the place of the lowest bit that is set; 64 where none is."""

    def generated(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), generated


@primitive
def either(_context: Any, memory: Any, _at: Any, _byte: Any, _other: Any) -> Any:
    """Return which of the 64 bytes of bare memory that begin at a place are one of two, a bit each."""
    kind = ir.VectorType(ir.IntType(8), WIDE)
    none, nowhere = ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), WIDE), [0] * WIDE)

    def generated(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), kind.as_pointer())
        found = builder.load(place, align=1)
        marks = []
        for byte in arguments[2:]:
            one = builder.insert_element(none, builder.trunc(byte, ir.IntType(8)), ir.Constant(ir.IntType(32), 0))
            marks.append(builder.icmp_unsigned("==", found, builder.shuffle_vector(one, none, nowhere)))
        return builder.bitcast(builder.or_(*marks), ir.IntType(WIDE))

    return types.int64(memory, types.intp, types.int64, types.int64), generated


@primitive
def bits(_context: Any, _word: Any) -> Any:
    """Return how many bits are set."""

    def generated(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generated


@primitive
def reversed_bytes(_context: Any, _word: Any) -> Any:
    """Return a word with its bytes in the other order."""

    def generated(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bswap(arguments[0])

    return types.int64(types.int64), generated


@within
def equal(word: int, byte: int) -> int:
    """Return a word with the highest bit set of each byte that is this one."""
    other = word ^ (byte * ONES)
    return ~(((other & _LOW) + _LOW) | other | _LOW)


@within
def last_bytes(data: Bytes, begin: int, end: int) -> int:
    """Return a span of one to eight bytes as a word, and nothing after it."""
    unused = 64 - 8 * (end - begin)
    word: int = word_at(data, end - 8) >> unused
    return word & (-1 ^ (-1 << (63 - unused) << 1))


@within
def are_digits(word: int) -> bool:
    """Tell whether all eight bytes are digits."""
    values = word ^ _DIGITS
    return ((values + _OVER_NINE) | values) & _HIGH == 0


@within
def number(digits: int) -> int:
    """Return what eight digits say."""
    pairs = (digits & (ONES * 0x0F)) * 2561 >> 8
    fours = (pairs & 0x00FF00FF00FF00FF) * 6553601 >> 16
    return (fours & 0x0000FFFF0000FFFF) * 42949672960001 >> 32
