"""Claims, service lines and adjustments (loops 2100 and 2110 of 005010X221A1) to rows, with their balances.

Claim: CLP03 - all CAS - CLP04. Service: SVC02 - CAS - SVC03 (X12 RFI 2601). AMT segments take no part. A residual that
cannot be worked out, since an amount of it could not be read or their sum is too large, is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835 import notes
from ingestion.era835.jit import within
from ingestion.era835.reversal_links import NO_AMOUNT, linked
from ingestion.era835.rows import (
    COUNT,
    append,
    append_byte,
    code,
    columns_of,
    element,
    end_text,
    note,
    put_code,
    put_flag,
    put_index,
    put_int,
    put_long,
    put_null,
    put_text,
    put_thousandths,
)
from ingestion.era835.spans import MISSING, READ, UNREADABLE, found, hashed, packed, scaled, trimmed
from ingestion.era835.standing import too_large, weigh, weigh_claim, weigh_line
from ingestion.era835.tokens import packed_text

if TYPE_CHECKING:
    from ingestion.era835.reversal_links import Links
    from ingestion.era835.rows import Rows, Source
    from ingestion.era835.standing import Standing

_CLAIM, _SERVICE, _ADJUSTMENT = columns_of("claims"), columns_of("services"), columns_of("adjustments")
_AMOUNT_MISSING, _AMOUNT_UNREADABLE = notes.numbered("era.amount_missing"), notes.numbered("era.amount_unreadable")
_QUANTITY_UNREADABLE = notes.numbered("era.quantity_unreadable")
_REASON_MISSING, _GROUP_UNKNOWN = notes.numbered("era.reason_missing"), notes.numbered("era.group_unknown")
_CLAIM_UNBALANCED, _SERVICE_UNBALANCED = (
    notes.numbered("era.claim_unbalanced"),
    notes.numbered("era.service_unbalanced"),
)
_SERVICE_OUTSIDE = notes.numbered("era.service_outside_claim")
_ADJUSTMENT_OUTSIDE = notes.numbered("era.adjustment_outside_claim")
_COMPONENT_MARK = notes.numbered("era.component_mark")

_GROUPS = tuple(packed_text(group) for group in ("CO", "PR", "OA", "PI", "CR"))
_PATIENT = packed_text("PR")
_LONGEST_GROUP, _LONGEST_REASON = 2, 5  # X12 data elements 1033 and 1034; what is longer may be a name
_REVERSAL, _NO_REF = packed_text("22"), packed_text("0")
_ONE = 1000  # units where none are said, in thousandths
_MODIFIERS = 4
_WORDS = np.array([chr(byte).isalnum() for byte in range(256)])


@within
def amount(source: Source, rows: Rows, segment: int, number: int, required: bool) -> tuple[int, bool]:
    """Read an element as cents, and tell whether it could be read; an empty one counts 0, with a remark if required."""
    begin, end = element(source, segment, number)
    value, state = scaled(source.data, begin, end, 2, 18)
    if state == UNREADABLE:
        note(rows, _AMOUNT_UNREADABLE, segment, number, 0)
    elif state == MISSING and required:
        note(rows, _AMOUNT_MISSING, segment, number, 0)
    return value, state != UNREADABLE


@within
def quantity(source: Source, rows: Rows, segment: int, number: int) -> tuple[int, int]:
    """Read an element as thousandths, and tell what became of it."""
    begin, end = element(source, segment, number)
    value, state = scaled(source.data, begin, end, 3, 15)
    if state == UNREADABLE:
        note(rows, _QUANTITY_UNREADABLE, segment, number, 0)
    return value, state


@within
def put_cents(rows: Rows, column: int, row: int, value: int, known: bool) -> None:
    """Write an amount, null where it is not known."""
    put_long(rows, column, row, value)
    if not known:
        put_null(rows, column, row)


@within
def put_date(rows: Rows, column: int, row: int, day: int, known: bool) -> None:
    """Write a day, null where it is not known."""
    put_int(rows, column, row, day)
    if not known:
        put_null(rows, column, row)


@within
def put_quantity(rows: Rows, column: int, row: int, value: int, known: bool) -> None:
    """Write a quantity, null where it is not known."""
    put_thousandths(rows, column, row, value)
    if not known:
        put_null(rows, column, row)


@within
def begin_claim(source: Source, rows: Rows, now: Standing, segment: int) -> None:
    """Write a claim's row (CLP) as far as it is known. A reversal has status 22, or no amount above zero."""
    row = rows.counts[COUNT.claims]
    rows.counts[COUNT.claims] += 1
    charge, charge_read = amount(source, rows, segment, 3, required=True)
    paid, paid_read = amount(source, rows, segment, 4, required=True)
    owed, _ = amount(source, rows, segment, 5, required=False)
    put_int(rows, _CLAIM.st_index, row, now.st_index)
    put_int(rows, _CLAIM.claim_index, row, now.claims)
    for number, column in (
        (1, _CLAIM.claim_ref),
        (2, _CLAIM.status_code),
        (6, _CLAIM.filing_code),
        (7, _CLAIM.payer_claim_number),
        (8, _CLAIM.facility_code),
        (9, _CLAIM.frequency_code),
    ):
        begin, end = element(source, segment, number)
        put_text(source, rows, column, row, begin, end)
    put_cents(rows, _CLAIM.charge_cents, row, charge if charge_read else NO_AMOUNT, charge_read)
    put_cents(rows, _CLAIM.paid_cents, row, paid if paid_read else NO_AMOUNT, paid_read)
    is_reversal = code(source, segment, 2) == _REVERSAL or (charge < 0 and paid <= 0 and owed <= 0)
    put_flag(rows, _CLAIM.is_reversal, row, is_reversal)
    now.claims += 1
    now.services = now.on_line = 0
    now.in_claim = 1
    now.paid += paid
    now.paid_unread |= not paid_read
    now.claim_row, now.claim_segment = row, segment
    now.claim_difference, now.claim_unread = charge - paid, not (charge_read and paid_read)
    now.claim_reversal = is_reversal
    now.claim_high = now.claim_low = now.claim_owed = 0
    now.claim_has_original = now.claim_has_days = now.claim_has_period = now.claim_has_from = now.claim_has_to = 0
    for cents in (charge, paid):
        weigh(now, cents)
        weigh_claim(now, cents)


@within
def end_claim(source: Source, rows: Rows, links: Links, now: Standing) -> None:
    """Write what a claim's segments say of it together, when all of them were read."""
    row = now.claim_row
    if row < 0:
        return
    now.claim_row = -1
    unsure = too_large(now.claim_high, now.claim_low)
    known = not (now.claim_unread or unsure)
    put_long(rows, _CLAIM.patient_responsibility_cents, row, 0 if unsure else now.claim_owed)
    put_cents(rows, _CLAIM.residual_cents, row, now.claim_difference, known)
    if known and now.claim_difference:
        note(rows, _CLAIM_UNBALANCED, now.claim_segment, 0, now.claim_difference)
    begin, end = (now.claim_original, now.claim_original_end) if now.claim_has_original else (0, 0)
    put_text(source, rows, _CLAIM.original_ref, row, begin, end)
    _put_days(rows, now, row)
    _link(source, rows, links, now, row, hashed(source.data, begin, end))


@within
def _put_days(rows: Rows, now: Standing, row: int) -> None:
    """Write the first and last day of a claim: its own DTM*232 and 233, else those of its service lines.

    A line lasts to its DTM*151, where it has one.
    """
    earliest = now.claim_from_day if now.claim_has_from else now.claim_first_day
    latest = earliest
    if now.claim_has_days:
        latest = max(latest, now.claim_last_day)
        if now.claim_has_period:
            latest = max(latest, now.claim_period_end)
    if now.claim_has_to:
        latest = now.claim_to_day
    dated = now.claim_has_from or now.claim_has_days
    put_date(rows, _CLAIM.service_from, row, earliest, dated)
    put_date(rows, _CLAIM.service_to, row, latest, dated or now.claim_has_to)


@within
def _link(source: Source, rows: Rows, links: Links, now: Standing, row: int, original: int) -> None:
    begin, end = element(source, now.claim_segment, 1)
    ref = 0 if packed(source.data, begin, end) == _NO_REF else hashed(source.data, begin, end)  # 0: X12 RFI 535
    begin, end = element(source, now.claim_segment, 7)
    number = hashed(source.data, begin, end)
    charge, paid = rows.longs[rows.at[_CLAIM.charge_cents] + row], rows.longs[rows.at[_CLAIM.paid_cents] + row]
    claim = (ref, number, original, charge, paid)
    st_index, claim_index = linked(links, claim, now.claim_reversal, now.st_index, now.claims - 1)
    put_index(rows, _CLAIM.undoes_st_index, row, st_index)
    put_index(rows, _CLAIM.undoes_claim_index, row, claim_index)


@within
def begin_line(source: Source, rows: Rows, now: Standing, segment: int) -> None:
    """Write a service line's row (SVC) as far as it is known; one outside every claim holds its transaction."""
    row = rows.counts[COUNT.services]
    if not now.in_claim:
        note(rows, _SERVICE_OUTSIDE, segment, 0, 0)
        return
    rows.counts[COUNT.services] += 1
    _procedure(source, rows, now, segment, row)
    charge, charge_read = amount(source, rows, segment, 2, required=True)
    paid, paid_read = amount(source, rows, segment, 3, required=True)
    units, state = quantity(source, rows, segment, 5)
    put_int(rows, _SERVICE.st_index, row, now.st_index)
    put_int(rows, _SERVICE.claim_index, row, now.claims - 1)
    put_int(rows, _SERVICE.service_index, row, now.services)
    put_cents(rows, _SERVICE.charge_cents, row, charge, charge_read)
    put_cents(rows, _SERVICE.paid_cents, row, paid, paid_read)
    put_quantity(rows, _SERVICE.units, row, _ONE if state == MISSING else units, state != UNREADABLE)
    now.services += 1
    now.on_line = 1
    now.line_row, now.line_segment = row, segment
    now.line_difference, now.line_unread = charge - paid, not (charge_read and paid_read)
    now.line_high = now.line_low = now.line_ref = now.line_ref_end = now.line_has_day = 0
    for cents in (charge, paid):
        weigh(now, cents)
        weigh_line(now, cents)


@within
def end_line(source: Source, rows: Rows, now: Standing) -> None:
    """Write what a line's segments say of it together, when all of them were read."""
    row = now.line_row
    if row < 0:
        return
    now.line_row = -1
    known = not (now.line_unread or too_large(now.line_high, now.line_low))
    put_cents(rows, _SERVICE.residual_cents, row, now.line_difference, known)
    if known and now.line_difference:
        note(rows, _SERVICE_UNBALANCED, now.line_segment, 0, now.line_difference)
    put_text(source, rows, _SERVICE.line_ref, row, now.line_ref, now.line_ref_end)
    put_date(rows, _SERVICE.service_from, row, now.line_day, now.line_has_day)
    if now.line_has_day:
        now.claim_first_day = min(now.claim_first_day, now.line_day) if now.claim_has_days else now.line_day
        now.claim_last_day = max(now.claim_last_day, now.line_day) if now.claim_has_days else now.line_day
        now.claim_has_days = 1


@within
def _procedure(source: Source, rows: Rows, now: Standing, segment: int, row: int) -> None:
    """Write the parts of SVC01, and the code of SVC06 that was submitted."""
    begin, end = element(source, segment, 1)
    mark = component_mark(source, rows, now, segment, begin, end)
    at = begin
    for column in (_SERVICE.qualifier, _SERVICE.service_code):
        part, part_end, at = next_part(source, at, end, mark)
        put_text(source, rows, column, row, part, part_end)
    before = rows.used[_SERVICE.modifiers]
    for _ in range(_MODIFIERS):
        part, part_end, at = next_part(source, at, end, mark)
        if part < part_end and rows.used[_SERVICE.modifiers] > before:
            append_byte(rows, _SERVICE.modifiers, ord("|"))
        append(source, rows, _SERVICE.modifiers, part, part_end)
    end_text(rows, _SERVICE.modifiers, row)
    if rows.used[_SERVICE.modifiers] == before:
        put_null(rows, _SERVICE.modifiers, row)
    begin, end = element(source, segment, 6)
    mark = component_mark(source, rows, now, segment, begin, end)
    _, _, at = next_part(source, begin, end, mark)
    part, part_end, _ = next_part(source, at, end, mark)
    put_text(source, rows, _SERVICE.submitted_code, row, part, part_end)


@within
def next_part(source: Source, at: int, end: int, mark: int) -> tuple[int, int, int]:
    """Return the span of the part of a composite that begins here, and where the next one does."""
    stop = found(source.data, at, end, mark)
    part, part_end = trimmed(source.data, at, stop)
    return part, part_end, min(stop + 1, end)


@within
def component_mark(source: Source, rows: Rows, now: Standing, segment: int, begin: int, end: int) -> int:
    """Return what separates the parts of a composite.

    Some senders name another character in ISA16 than they use. The first part has two characters: a sign after them,
    in a composite without the mark, is believed, to the end of the transaction, and told.
    """
    if end - begin > 2 and not _WORDS[source.data[begin + 2]]:  # noqa: PLR2004 - ID 2/2
        sign = source.data[begin + 2]
        if sign != now.mark and found(source.data, begin, end, now.mark) == end:
            now.mark = sign
            note(rows, _COMPONENT_MARK, segment, 0, 0)
    return int(now.mark)


@within
def adjustments(source: Source, rows: Rows, now: Standing, segment: int) -> bool:
    """Write a row a triplet (reason, amount, quantity) of a CAS; one outside every claim holds its transaction."""
    if not now.in_claim:
        note(rows, _ADJUSTMENT_OUTSIDE, segment, 0, 0)
        return True
    group, group_end = element(source, segment, 1)
    kind = packed(source.data, group, group_end)
    read = kind not in _GROUPS
    if read:
        note(rows, _GROUP_UNKNOWN, segment, 1, 0)
    for number in range(2, source.first[segment + 1] - source.first[segment], 3):
        reason, reason_end = element(source, segment, number)
        said, said_end = element(source, segment, number + 1)
        if reason == reason_end and said == said_end:
            continue
        read = True
        cents, cents_read = amount(source, rows, segment, number + 1, required=True)
        _adjust(now, cents, cents_read, kind == _PATIENT)
        if not cents_read:
            continue
        if reason == reason_end:
            note(rows, _REASON_MISSING, segment, 0, 0)
        row = rows.counts[COUNT.adjustments]
        rows.counts[COUNT.adjustments] += 1
        put_int(rows, _ADJUSTMENT.st_index, row, now.st_index)
        put_int(rows, _ADJUSTMENT.claim_index, row, now.claims - 1)
        put_index(rows, _ADJUSTMENT.service_index, row, now.services - 1 if now.on_line else -1)
        put_int(rows, _ADJUSTMENT.adjustment_index, row, now.adjustments)
        put_code(source, rows, _ADJUSTMENT.group_code, row, group, group_end, _LONGEST_GROUP)
        put_code(source, rows, _ADJUSTMENT.reason_code, row, reason, reason_end, _LONGEST_REASON)
        put_long(rows, _ADJUSTMENT.amount_cents, row, cents)
        units, state = quantity(source, rows, segment, number + 2)
        put_quantity(rows, _ADJUSTMENT.quantity, row, units, state == READ)
        now.adjustments += 1
    return read


@within
def _adjust(now: Standing, cents: int, read: bool, owed: bool) -> None:
    """Count an adjustment into the balances of its claim and its line."""
    now.claim_difference -= cents
    now.claim_unread |= not read
    if owed:
        now.claim_owed += cents
    weigh(now, cents)
    weigh_claim(now, cents)
    if now.on_line:
        now.line_difference -= cents
        now.line_unread |= not read
        weigh_line(now, cents)
