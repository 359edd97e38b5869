"""Claims, service lines and adjustments (loops 2100 and 2110 of 005010X221A1) as columns, with their balances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835 import spans
from ingestion.era835.arrow import filled, indexed
from ingestion.landing import described

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.arrow import Column
    from ingestion.era835.balancing import Balances
    from ingestion.era835.composites import Composites
    from ingestion.era835.placed import Placed
    from ingestion.era835.tokens import Positions

_GROUPS = ("CO", "PR", "OA", "PI", "CR")
_REVERSAL = "22"


def claims(placed: Placed, balances: Balances) -> dict[str, Column]:
    """Return a row a CLP. A reversal has status 22, or a negative charge with nothing positive in CLP03 to CLP05."""
    rows = placed.rows("CLP")
    element = placed.segments.element
    charge, charge_read = placed.amounts(rows, 3)
    paid, paid_read = placed.amounts(rows, 4)
    owed, _ = placed.amounts(rows, 5, missing=None)
    balances.claims(rows, (charge, charge_read), (paid, paid_read))
    status = element(rows, 2)
    return {
        "st_index": placed.transactions[rows],
        "claim_index": placed.claims[rows],
        "claim_ref": element(rows, 1),
        "status_code": status,
        "charge_cents": (charge, charge_read),
        "paid_cents": (paid, paid_read),
        "filing_code": element(rows, 6),
        "payer_claim_number": element(rows, 7),
        "facility_code": element(rows, 8),
        "frequency_code": element(rows, 9),
        "is_reversal": status.equal(_REVERSAL) | ((charge < 0) & (paid <= 0) & (owed <= 0)),
        "original_ref": _original_refs(placed, rows.size),
        **_claim_days(placed, rows.size),
    }


def services(placed: Placed, composites: Composites, balances: Balances) -> dict[str, Column]:
    """Return a row an SVC of a claim; one outside every claim holds its transaction."""
    every = placed.rows("SVC")
    placed.note("era.service_outside_claim", every[~placed.inside[every]])
    rows = every[placed.inside[every]]
    charge, paid = placed.amounts(rows, 2), placed.amounts(rows, 3)
    units, units_states = placed.quantities(rows, 5)
    units[units_states == spans.MISSING] = 1000
    balances.services(rows, charge, paid)
    procedure, submitted = composites.of_services(1), composites.of_services(6)
    first_modifier, *more_modifiers = (procedure.part(number) for number in range(2, 6))
    return {
        "st_index": placed.transactions[rows],
        "claim_index": placed.claims[rows],
        "service_index": placed.services[rows],
        "qualifier": procedure.part(0),
        "service_code": procedure.part(1),
        "modifiers": first_modifier.texts(*more_modifiers),
        "submitted_code": submitted.part(1),
        "charge_cents": charge,
        "paid_cents": paid,
        "units": (units, units_states != spans.UNREADABLE),
        "service_from": _service_days(placed, rows.size),
        "line_ref": _line_refs(placed, rows.size),
    }


def adjustments(placed: Placed, balances: Balances) -> dict[str, Column]:
    """Return a row a triplet (reason, amount, quantity) of every CAS of a claim; one outside holds its transaction."""
    every = placed.rows("CAS")
    placed.note("era.adjustment_outside_claim", every[~placed.inside[every]])
    segments = every[placed.inside[every]]
    element = placed.segments.element
    groups = element(segments, 1)
    unknown = np.flatnonzero(~groups.among(_GROUPS))
    placed.note("era.group_unknown", segments[unknown], [described(groups.one(row)) for row in unknown.tolist()])
    rows, numbers = repeated(placed, segments, first=2, step=3)
    reasons = element(rows, numbers)
    given = reasons.present | element(rows, numbers + 1).present
    rows, numbers, reasons = rows[given], numbers[given], reasons[given]
    amounts, read = placed.amounts(rows, numbers + 1)
    group = element(rows, 1)
    balances.adjust(rows, amounts, read, group.equal("PR"))
    rows, numbers, reasons, group, amounts = rows[read], numbers[read], reasons[read], group[read], amounts[read]
    placed.note("era.reason_missing", rows[~reasons.present])
    quantities, states = placed.quantities(rows, numbers + 2)
    return {
        **level(placed, rows),
        "group_code": filled(group.texts()),
        "reason_code": filled(reasons.texts()),
        "amount_cents": amounts,
        "quantity": (quantities, states == spans.READ),
    }


def level(placed: Placed, rows: Positions) -> dict[str, Column]:
    """Return the three indexes of what stands in these rows; null what they do not stand in."""
    return {
        "st_index": placed.transactions[rows],
        "claim_index": indexed(np.where(placed.inside[rows], placed.claims[rows], np.int32(-1))),
        "service_index": indexed(np.where(placed.on_line[rows], placed.services[rows], np.int32(-1))),
    }


def repeated(placed: Placed, segments: Positions, *, first: int, step: int) -> tuple[Positions, Positions]:
    """Return each segment as often as it has groups of `step` elements from `first` on, and where each group starts."""
    groups = np.maximum(placed.segments.counts(segments) - first + step, 0) // step
    rows = np.repeat(segments, groups)
    ordinal = np.arange(rows.size) - np.repeat(np.cumsum(groups) - groups, groups)
    return rows, (first + step * ordinal).astype(np.int32)


def _original_refs(placed: Placed, size: int) -> Column:
    """Return REF*F8 of each claim: the payer's number of the claim that it corrects or reverses."""
    rows = placed.rows("REF")
    rows = rows[placed.inside[rows] & ~placed.on_line[rows]]
    rows = rows[placed.segments.element(rows, 1).equal("F8")][::-1]  # the first one stays
    return placed.segments.element(rows, 2).scattered(size, placed.claim_of[rows])


def _line_refs(placed: Placed, size: int) -> Column:
    """Return REF*6R of each line."""
    rows = placed.rows("REF")
    rows = rows[placed.on_line[rows]]
    rows = rows[placed.segments.element(rows, 1).equal("6R")]
    return placed.segments.element(rows, 2).scattered(size, placed.service_of[rows])


def _of_dates(placed: Placed, rows: Positions, qualifier: str) -> tuple[Positions, Positions, NDArray[np.bool_]]:
    """Return those of these DTM that have the qualifier, their days, and which are dates (others are told of later)."""
    rows = rows[placed.segments.element(rows, 1).equal(qualifier)]
    days, states = placed.segments.element(rows, 2).days()
    return rows, days, states == spans.READ


def _service_days(placed: Placed, size: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the day of each line: the last DTM*472, else the first DTM*150 (start of a period)."""
    dtm = placed.rows("DTM")
    dtm = dtm[placed.on_line[dtm]]
    days, known = np.zeros(size, np.int32), np.zeros(size, np.bool_)
    rows, starts, read = _of_dates(placed, dtm, "150")
    first_wins = np.flatnonzero(read)[::-1]
    days[placed.service_of[rows[first_wins]]] = starts[first_wins]
    known[placed.service_of[rows[read]]] = True
    rows, on, read = _of_dates(placed, dtm, "472")
    days[placed.service_of[rows[read]]] = on[read]
    known[placed.service_of[rows[read]]] = True
    return days, known


def _claim_days(placed: Placed, size: int) -> dict[str, Column]:
    """Return the first and last day of each claim: its own DTM*232 and 233, else those of its service lines."""
    lines = placed.rows("SVC")
    lines = lines[placed.inside[lines]]
    days, known = _service_days(placed, lines.size)
    owners = placed.claim_of[lines[known]]
    low, high = np.full(size, np.iinfo(np.int32).max), np.full(size, np.iinfo(np.int32).min)
    np.minimum.at(low, owners, days[known])
    np.maximum.at(high, owners, days[known])
    from_lines = high >= low
    dtm = placed.rows("DTM")
    dtm = dtm[placed.inside[dtm] & ~placed.on_line[dtm] & (placed.segments.counts(dtm) > 1)]
    earliest, has_earliest = _own_days(placed, dtm, "232", size)
    latest, has_latest = _own_days(placed, dtm, "233", size)
    earliest, has_earliest = np.where(has_earliest, earliest, low), has_earliest | from_lines
    last_of_lines = np.where(from_lines, np.maximum(high, earliest), earliest)
    latest = np.where(has_latest, latest, last_of_lines)
    return {
        "service_from": (earliest, has_earliest),
        "service_to": (latest, has_latest | has_earliest),
    }


def _own_days(placed: Placed, dtm: Positions, qualifier: str, size: int) -> tuple[Positions, NDArray[np.bool_]]:
    rows, on, read = _of_dates(placed, dtm, qualifier)
    days, known = np.zeros(size, np.int32), np.zeros(size, np.bool_)
    days[placed.claim_of[rows]], known[placed.claim_of[rows]] = on, read
    return days, known
