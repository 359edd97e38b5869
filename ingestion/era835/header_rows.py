"""The header of a transaction (BPR, TRN, N1) and its provider adjustments (PLB), as the loops read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.era835 import notes
from ingestion.era835.claim_rows import amount, component_mark, next_part, put_date
from ingestion.era835.jit import within
from ingestion.era835.rows import (
    COUNT,
    append,
    append_byte,
    code,
    columns_of,
    element,
    end_text,
    keep,
    note,
    put_code,
    put_int,
    put_long,
    put_null,
    put_text,
)
from ingestion.era835.spans import LONGEST, READ, UNREADABLE, day, found, trimmed
from ingestion.era835.standing import weigh
from ingestion.era835.tokens import packed_text

if TYPE_CHECKING:
    from ingestion.era835.rows import Rows, Source
    from ingestion.era835.standing import Standing

_PROVIDER = columns_of("provider_adjustments")
_AMOUNT_UNREADABLE, _BPR_NEGATIVE = notes.numbered("era.amount_unreadable"), notes.numbered("era.bpr_negative")
_BPR_REPEATED, _TRN_REPEATED = notes.numbered("era.bpr_repeated"), notes.numbered("era.trn_repeated")
_PRENOTE, _DEBIT, _CURRENCY = notes.numbered("era.prenote"), notes.numbered("era.debit"), notes.numbered("era.currency")
_DATE_UNREADABLE, _REASON_MISSING = notes.numbered("era.date_unreadable"), notes.numbered("era.reason_missing")
_P, _D, _PR, _PE, _XX = (packed_text(text) for text in ("P", "D", "PR", "PE", "XX"))
_DOLLARS = (0, packed_text("USD"), packed_text("XXX"))  # the last is ISO 4217 for no currency, seen in blanked-out data

PAYMENT, TRACE, PAYER, PAYEE = range(1, 5)
"""Kinds of segments that are kept, see `rows.keep`."""


@within
def payment(source: Source, rows: Rows, now: Standing, segment: int) -> None:
    """Take the first BPR of a transaction; a second one holds it."""
    if now.payments:
        note(rows, _BPR_REPEATED, segment, 0, 0)
        return
    now.payments = 1
    keep(rows, PAYMENT, segment, now.st_index)
    if code(source, segment, 1) == _P:
        note(rows, _PRENOTE, segment, 0, 0)
    if code(source, segment, 3) == _D:
        note(rows, _DEBIT, segment, 0, 0)
    begin, end = element(source, segment, 2)
    now.bpr_cents, now.bpr_read = amount(source, rows, segment, 2, required=False)
    if begin == end:
        now.bpr_read = 0
        note(rows, _AMOUNT_UNREADABLE, segment, 2, 0)
    if now.bpr_cents < 0:
        note(rows, _BPR_NEGATIVE, segment, 2, 0)
    now.paid_on, state = _date(source, rows, segment, 16)
    now.paid_on_read = state == READ


@within
def trace(rows: Rows, now: Standing, segment: int) -> bool:
    """Take the first TRN before the claims."""
    if now.claims:
        return False
    if now.traces:
        note(rows, _TRN_REPEATED, segment, 0, 0)
        return True
    now.traces = 1
    keep(rows, TRACE, segment, now.st_index)
    return True


@within
def party(source: Source, rows: Rows, now: Standing, segment: int) -> bool:
    """Take the first payer, and the first payee with a national number, of those named before the claims (N1)."""
    if now.claims:
        return False
    entity = code(source, segment, 1)
    now.after_payer = entity == _PR
    if entity == _PR and not now.has_payer:
        now.has_payer = 1
        keep(rows, PAYER, segment, now.st_index)
        return True
    if entity == _PE and not now.has_payee and code(source, segment, 3) == _XX:
        now.has_payee = 1
        keep(rows, PAYEE, segment, now.st_index)
        return True
    return False


@within
def currency(source: Source, rows: Rows, segment: int) -> bool:
    """Tell of a currency (CUR02) that is not the US dollar."""
    said = code(source, segment, 2)
    foreign = said not in _DOLLARS
    if foreign:
        note(rows, _CURRENCY, segment, 2, 0)
    return foreign


@within
def provider_adjustments(source: Source, rows: Rows, now: Standing, segment: int) -> bool:
    """Write a row a pair (reason and reference, amount) of a PLB."""
    year_end, state = _date(source, rows, segment, 2)
    read = state == UNREADABLE
    provider, provider_end = element(source, segment, 1)
    for number in range(3, source.first[segment + 1] - source.first[segment], 2):
        begin, end = element(source, segment, number)
        said, said_end = element(source, segment, number + 1)
        mark = component_mark(source, rows, now, segment, begin, end)
        if begin == end and said == said_end:
            continue
        read = True
        cents, cents_read = amount(source, rows, segment, number + 1, required=True)
        now.provider += cents
        now.provider_unread |= not cents_read
        weigh(now, cents)
        if not cents_read:
            continue
        row = rows.counts[COUNT.provider_adjustments]
        rows.counts[COUNT.provider_adjustments] += 1
        put_int(rows, _PROVIDER.st_index, row, now.st_index)
        put_int(rows, _PROVIDER.provider_adjustment_index, row, now.provider_adjustments)
        put_text(source, rows, _PROVIDER.provider_id, row, provider, provider_end)
        put_date(rows, _PROVIDER.fiscal_year_end, row, year_end, state == READ)
        reason, reason_end, _ = next_part(source, begin, end, mark)
        if reason == reason_end:
            note(rows, _REASON_MISSING, segment, 0, 0)
        put_code(source, rows, _PROVIDER.reason_code, row, reason, reason_end, LONGEST)
        _put_reference(source, rows, row, begin, end, mark)
        put_long(rows, _PROVIDER.amount_cents, row, cents)
        now.provider_adjustments += 1
    return read


@within
def _put_reference(source: Source, rows: Rows, row: int, begin: int, end: int, mark: int) -> None:
    """Write all but the first part of a composite, with `:` between them."""
    begin, end = trimmed(source.data, min(found(source.data, begin, end, mark) + 1, end), end)
    at = begin
    while at < end:
        stop = found(source.data, at, end, mark)
        append(source, rows, _PROVIDER.reference, at, stop)
        if stop < end:
            append_byte(rows, _PROVIDER.reference, ord(":"))
        at = stop + 1
    end_text(rows, _PROVIDER.reference, row)
    if begin == end:
        put_null(rows, _PROVIDER.reference, row)


@within
def _date(source: Source, rows: Rows, segment: int, number: int) -> tuple[int, int]:
    begin, end = element(source, segment, number)
    value, state = day(source.data, begin, end)
    if state == UNREADABLE:
        note(rows, _DATE_UNREADABLE, segment, number, 0)
    return value, state
