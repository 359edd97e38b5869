"""What stands at any level of a remittance, to rows: AMT, QTY, REF, DTM, remark codes; and what nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835 import notes
from ingestion.era835.claim_rows import put_cents, put_date, put_quantity, quantity
from ingestion.era835.jit import within
from ingestion.era835.rows import (
    COUNT,
    columns_of,
    element,
    keep,
    note,
    put_index,
    put_int,
    put_long,
    put_name,
    put_qualifier,
    put_text,
)
from ingestion.era835.spans import READ, UNREADABLE, day, packed, scaled
from ingestion.era835.tokens import TAGS, UNKNOWN, packed_text

if TYPE_CHECKING:
    from ingestion.era835.rows import Rows, Source
    from ingestion.era835.standing import Standing

_AMOUNT, _QUANTITY, _REFERENCE = columns_of("amounts"), columns_of("quantities"), columns_of("references")
_DATE, _REMARK, _UNREAD = columns_of("dates"), columns_of("remarks"), columns_of("unread")
_VALUE_UNREADABLE, _DATE_UNREADABLE = notes.numbered("era.value_unreadable"), notes.numbered("era.date_unreadable")

_LQ = TAGS.index("LQ")
_REMARK_ELEMENTS = np.zeros((len(TAGS), 5), np.int64)
_REMARK_ELEMENTS[TAGS.index("MIA")] = 5, 20, 21, 22, 23
_REMARK_ELEMENTS[TAGS.index("MOA")] = 3, 4, 5, 6, 7
_REMARK_ELEMENTS[_LQ, 0] = 2

_SAFE_REFERENCES = (
    *("6R", "F8", "9A", "9C", "BB", "G1", "G3", "LU", "APC", "NF", "2U", "EO", "HI", "EV", "F2", "0B", "1A", "1B"),
    *("1C", "1D", "1G", "1H", "1J", "D3", "G2", "PQ", "RB", "0K", "CE", "E9", "F5", "PSD"),
)
"""References to claims, lines, payers, providers and contracts. Of every other the value may be a person's number."""

# A table in which no two of them have the same place tells of a qualifier with one look.
_SAFE = np.array([packed_text(qualifier) for qualifier in _SAFE_REFERENCES])
_SLOTS = next(size for size in range(_SAFE.size, 1 << 12) if np.unique(_SAFE % size).size == _SAFE.size)
_IN_SLOT = np.zeros(_SLOTS, np.int64)
_IN_SLOT[_SAFE % _SLOTS] = _SAFE

_ORIGINAL, _OF_LINE, _OF_PAYER = (packed_text(qualifier) for qualifier in ("F8", "6R", "2U"))
_BIRTH, _ON, _FROM, _TO = (packed_text(qualifier) for qualifier in ("222", "472", "150", "151"))
_CLAIM_FROM, _CLAIM_TO = packed_text("232"), packed_text("233")

PAYER_REF, STRANGE_NAME = 5, 6
"""Kinds of segments that are kept, see `rows.keep`: the payer's REF*2U, and one nobody read whose name is none."""


@within
def amounts(source: Source, rows: Rows, now: Standing, segment: int) -> bool:
    """Write a row an AMT. They inform only: no balance counts them (X12 RFI 2601)."""
    begin, end = element(source, segment, 1)
    said, said_end = element(source, segment, 2)
    if begin == end and said == said_end:
        return False
    row = rows.counts[COUNT.amounts]
    rows.counts[COUNT.amounts] += 1
    _put_level(rows, now, row, _AMOUNT.st_index, now.amounts)
    now.amounts += 1
    put_qualifier(source, rows, _AMOUNT.qualifier, row, begin, end)
    value, state = scaled(source.data, said, said_end, 2, 18)
    put_cents(rows, _AMOUNT.amount_cents, row, value, state == READ)
    if state == UNREADABLE:
        note(rows, _VALUE_UNREADABLE, segment, 2, 0)
    return True


@within
def quantities(source: Source, rows: Rows, now: Standing, segment: int) -> bool:
    """Write a row a QTY."""
    begin, end = element(source, segment, 1)
    said, said_end = element(source, segment, 2)
    if begin == end and said == said_end:
        return False
    row = rows.counts[COUNT.quantities]
    rows.counts[COUNT.quantities] += 1
    _put_level(rows, now, row, _QUANTITY.st_index, now.quantities)
    now.quantities += 1
    put_qualifier(source, rows, _QUANTITY.qualifier, row, begin, end)
    value, state = quantity(source, rows, segment, 2)
    put_quantity(rows, _QUANTITY.quantity, row, value, state == READ)
    return True


@within
def references(source: Source, rows: Rows, now: Standing, segment: int) -> bool:
    """Write a row a REF; its value is null where it is, or may be, a number of a person (a member, a policy)."""
    begin, end = element(source, segment, 1)
    said, said_end = element(source, segment, 2)
    if begin == end and said == said_end:
        return False
    row = rows.counts[COUNT.references]
    rows.counts[COUNT.references] += 1
    _put_level(rows, now, row, _REFERENCE.st_index, now.references)
    now.references += 1
    put_qualifier(source, rows, _REFERENCE.qualifier, row, begin, end)
    qualifier = packed(source.data, begin, end)
    is_safe = qualifier != 0 and _IN_SLOT[qualifier % _SLOTS] == qualifier
    put_text(source, rows, _REFERENCE.value, row, said, said_end if is_safe else said)
    if now.on_line:
        if qualifier == _OF_LINE:  # the last one of a line counts
            now.line_ref, now.line_ref_end = said, said_end
    elif now.in_claim:
        if qualifier == _ORIGINAL and said < said_end and not now.claim_has_original:
            now.claim_original, now.claim_original_end, now.claim_has_original = said, said_end, 1
    elif qualifier == _OF_PAYER and now.after_payer and not now.claims and not now.has_payer_ref:
        now.has_payer_ref = 1
        keep(rows, PAYER_REF, segment, now.st_index)
    return True


@within
def dates(source: Source, rows: Rows, now: Standing, segment: int) -> bool:
    """Write a row a DTM; a date of birth is null."""
    begin, end = element(source, segment, 1)
    said, said_end = element(source, segment, 2)
    if begin == end and said == said_end:
        return False
    row = rows.counts[COUNT.dates]
    rows.counts[COUNT.dates] += 1
    _put_level(rows, now, row, _DATE.st_index, now.dates)
    now.dates += 1
    put_qualifier(source, rows, _DATE.qualifier, row, begin, end)
    qualifier = packed(source.data, begin, end)
    on, state = day(source.data, said, said_end)
    put_date(rows, _DATE.on_date, row, on, state == READ and qualifier != _BIRTH)
    if state == UNREADABLE and qualifier != _BIRTH:
        note(rows, _DATE_UNREADABLE, segment, 2, 0)
    if state == READ and now.in_claim:
        _place_day(now, qualifier, on)
    return True


@within
def _place_day(now: Standing, qualifier: int, on: int) -> None:
    """Take the day of a line, the last DTM*472, else the first DTM*150 (start of a period); and those of a claim."""
    if not now.on_line:
        if qualifier == _CLAIM_FROM:
            now.claim_from_day, now.claim_has_from = on, 1
        elif qualifier == _CLAIM_TO:
            now.claim_to_day, now.claim_has_to = on, 1
    elif qualifier == _ON:
        now.line_day, now.line_has_day = on, 2
    elif qualifier == _FROM and not now.line_has_day:
        now.line_day, now.line_has_day = on, 1
    elif qualifier == _TO:
        now.claim_period_end = max(now.claim_period_end, on) if now.claim_has_period else on
        now.claim_has_period = 1


@within
def remarks(source: Source, rows: Rows, now: Standing, segment: int) -> bool:
    """Write a row a remark code of a claim: MIA and MOA speak of the claim, LQ of the line."""
    read = False
    tag = source.tags[segment]
    for number in _REMARK_ELEMENTS[tag]:
        begin, end = element(source, segment, number)
        if begin == end or number == 0 or not now.in_claim:
            continue
        read = True
        row = rows.counts[COUNT.remarks]
        rows.counts[COUNT.remarks] += 1
        put_int(rows, _REMARK.st_index, row, now.st_index)
        put_int(rows, _REMARK.remark_index, row, now.remarks)
        put_int(rows, _REMARK.claim_index, row, now.claims - 1)
        put_index(rows, _REMARK.service_index, row, now.services - 1 if now.on_line and tag == _LQ else -1)
        put_name(rows, _REMARK.source, row, tag)
        put_text(source, rows, _REMARK.code, row, begin, end)
        now.remarks += 1
    return read


@within
def unread(source: Source, rows: Rows, segment: int, st_index: int, number: int) -> None:
    """Write a row a segment that no table takes anything from; its place is a place in `source.data`."""
    row = rows.counts[COUNT.unread]
    rows.counts[COUNT.unread] += 1
    begin = source.begins[segment]
    put_index(rows, _UNREAD.st_index, row, st_index)
    put_long(rows, _UNREAD.segment_index, row, number)
    put_long(rows, _UNREAD.byte_offset, row, begin)
    put_int(rows, _UNREAD.byte_count, row, source.ends[segment] - begin)
    tag = source.tags[segment]
    if tag == UNKNOWN:
        _put_strange_name(source, rows, segment, row)
    else:
        put_name(rows, _UNREAD.tag, row, tag)


@within
def _put_strange_name(source: Source, rows: Rows, segment: int, row: int) -> None:
    begin, end = source.begins[segment], source.starts[source.first[segment] + 1] - 1
    is_name = 2 <= end - begin <= 3  # noqa: PLR2004 - two or three characters
    for at in range(begin, end):
        byte = source.data[at]
        is_name &= ord("A") <= byte <= ord("Z") or ord("0") <= byte <= ord("9")
    put_text(source, rows, _UNREAD.tag, row, begin, end if is_name else begin)
    if not is_name:
        keep(rows, STRANGE_NAME, segment, row)


@within
def _put_level(rows: Rows, now: Standing, row: int, st_index: int, number: int) -> None:
    """Write where a row stands (columns from `st_index` on) and its number; null the levels it does not stand in."""
    put_int(rows, st_index, row, now.st_index)
    put_index(rows, st_index + 1, row, now.claims - 1 if now.in_claim else -1)
    put_index(rows, st_index + 2, row, now.services - 1 if now.on_line else -1)
    put_int(rows, st_index + 3, row, number)
