"""Claims, service lines and adjustments (loops 2100 and 2110 of 005010X221A1) as columns, with their balances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835 import spans
from ingestion.era835.arrow import filled, indexed
from ingestion.era835.tokens import widened
from ingestion.landing import described

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.arrow import Column
    from ingestion.era835.balancing import Balances
    from ingestion.era835.composites import Composites
    from ingestion.era835.placed import Placed
    from ingestion.era835.tokens import Positions

_GROUPS = ("CO", "PR", "OA", "PI", "CR")
_LONGEST_GROUP, _LONGEST_REASON = 2, 5  # X12 data elements 1033 and 1034; what is longer may be a name
_REVERSAL = "22"


def claims(placed: Placed, balances: Balances) -> dict[str, Column]:
    """Return a row a CLP. A reversal has status 22, or a negative charge with nothing positive in CLP03 to CLP05."""
    clp = placed.elements(placed.rows("CLP"), *range(1, 10))
    charge, charge_read = placed.amounts(clp, 3)
    paid, paid_read = placed.amounts(clp, 4)
    owed, _ = placed.amounts(clp, 5, missing=None)
    placed.read[clp.rows] = True
    balances.claims(clp.rows, (charge, charge_read), (paid, paid_read))
    return {
        "st_index": placed.transactions[clp.rows],
        "claim_index": placed.claims[clp.rows],
        "claim_ref": clp[1],
        "status_code": clp[2],
        "charge_cents": (charge, charge_read),
        "paid_cents": (paid, paid_read),
        "filing_code": clp[6],
        "payer_claim_number": clp[7],
        "facility_code": clp[8],
        "frequency_code": clp[9],
        "is_reversal": clp[2].equal(_REVERSAL) | ((charge < 0) & (paid <= 0) & (owed <= 0)),
        "original_ref": _original_refs(placed, clp.rows.size),
        **_claim_days(placed, clp.rows.size),
    }


def services(placed: Placed, composites: Composites, balances: Balances) -> dict[str, Column]:
    """Return a row an SVC of a claim; one outside every claim holds its transaction."""
    every = placed.rows("SVC")
    placed.note("era.service_outside_claim", every[~placed.inside[every]])
    svc = placed.elements(every[placed.inside[every]], 2, 3, 5)
    charge, paid = placed.amounts(svc, 2), placed.amounts(svc, 3)
    units, units_states = placed.quantities(svc, 5)
    units[units_states == spans.MISSING] = 1000
    placed.read[svc.rows] = True
    balances.services(svc.rows, charge, paid)
    qualifier, code, first_modifier, *more_modifiers = composites.of_services(1).parts(6)
    _, submitted = composites.of_services(6).parts(2)
    return {
        "st_index": placed.transactions[svc.rows],
        "claim_index": placed.claims[svc.rows],
        "service_index": placed.services[svc.rows],
        "qualifier": qualifier,
        "service_code": code,
        "modifiers": first_modifier.joined(more_modifiers),
        "submitted_code": submitted,
        "charge_cents": charge,
        "paid_cents": paid,
        "units": (units, units_states != spans.UNREADABLE),
        "service_from": placed.service_days,
        "line_ref": _line_refs(placed, svc.rows.size),
    }


def adjustments(placed: Placed, balances: Balances) -> dict[str, Column]:
    """Return a row a triplet (reason, amount, quantity) of every CAS of a claim; one outside holds its transaction."""
    every = placed.rows("CAS")
    placed.note("era.adjustment_outside_claim", every[~placed.inside[every]])
    cas = placed.elements(every[placed.inside[every]], 1)
    unknown = np.flatnonzero(~cas[1].among(_GROUPS))
    placed.note("era.group_unknown", cas.rows[unknown], [described(cas[1].one(row)) for row in unknown.tolist()])
    owners, bases = repeated(placed, cas.rows, first=2, step=3)
    triplets = placed.segments.elements(cas.rows[owners], (0, 1, 2), bases)
    given = triplets[0].present | triplets[1].present
    triplets, groups = triplets.of(given), cas[1][owners[given]]
    placed.read[triplets.rows] = True
    amounts, read = placed.amounts(triplets, 1)
    balances.adjust(triplets.rows, amounts, read, groups.equal("PR"))
    if not read.all():
        triplets, groups, amounts = triplets.of(read), groups[read], amounts[read]
    placed.note("era.reason_missing", triplets.rows[~triplets[0].present])
    quantities, states = placed.quantities(triplets, 2)
    return {
        **level(placed, triplets.rows),
        "group_code": filled(groups.short(_LONGEST_GROUP).texts()),
        "reason_code": filled(triplets[0].short(_LONGEST_REASON).texts()),
        "amount_cents": amounts,
        "quantity": (quantities, states == spans.READ),
    }


def level(placed: Placed, rows: Positions) -> dict[str, Column]:
    """Return the three indexes of what stands in these rows; null what they do not stand in."""
    claims_of, services_of = placed.levels
    return {
        "st_index": placed.transactions[rows],
        "claim_index": indexed(claims_of[rows]),
        "service_index": indexed(services_of[rows]),
    }


def repeated(placed: Placed, segments: Positions, *, first: int, step: int) -> tuple[NDArray[np.int64], Positions]:
    """Return each segment's place as often as it has groups of `step` elements, and where each group starts."""
    groups = np.maximum(placed.segments.counts(segments) - first + step, 0) // step
    owners = np.repeat(np.arange(segments.size), groups)
    ordinal = np.arange(owners.size) - np.repeat(np.cumsum(groups) - groups, groups)
    return owners, (first + step * ordinal).astype(np.int32)


def _original_refs(placed: Placed, size: int) -> Column:
    """Return the first REF*F8 of each claim: the payer's number of the claim that it corrects or reverses."""
    ref = placed.of_all("REF")
    which = np.flatnonzero(ref[1].equal("F8") & ref[2].present & placed.inside[ref.rows] & ~placed.on_line[ref.rows])
    which = which[::-1]  # of two for one place the later stays
    return ref[2][which].scattered(size, placed.claim_of[ref.rows[which]])


def _line_refs(placed: Placed, size: int) -> Column:
    """Return REF*6R of each line."""
    ref = placed.of_all("REF")
    which = np.flatnonzero(ref[1].equal("6R") & placed.on_line[ref.rows])
    return ref[2][which].scattered(size, placed.service_of[ref.rows[which]])


def _claim_days(placed: Placed, size: int) -> dict[str, Column]:
    """Return the first and last day of each claim: its own DTM*232 and 233, else those of its service lines.

    A line lasts to its DTM*151, where it has one.
    """
    lines = placed.rows("SVC")
    lines = lines[placed.inside[lines]]
    days, known = placed.service_days
    owners = placed.claim_of[lines[known]]
    low = np.full(size, np.iinfo(np.int32).max, np.int32)
    high = np.full(size, np.iinfo(np.int32).min, np.int32)
    widened(low, high, owners, days[known])
    from_lines = high >= low
    dtm = placed.of_all("DTM")
    on, states = dtm[2].days
    ends = np.flatnonzero(placed.on_line[dtm.rows] & (states == spans.READ) & dtm[1].equal("151"))
    widened(low.copy(), high, placed.claim_of[dtm.rows[ends]], on[ends])
    earliest, has_earliest = _own_days(placed, "232", size)
    latest, has_latest = _own_days(placed, "233", size)
    earliest, has_earliest = np.where(has_earliest, earliest, low), has_earliest | from_lines
    last_of_lines = np.where(from_lines, np.maximum(high, earliest), earliest)
    latest = np.where(has_latest, latest, last_of_lines)
    return {
        "service_from": (earliest, has_earliest),
        "service_to": (latest, has_latest | has_earliest),
    }


def _own_days(placed: Placed, qualifier: str, size: int) -> tuple[Positions, NDArray[np.bool_]]:
    """Return the last date that a DTM of each claim itself gives under this qualifier."""
    dtm = placed.of_all("DTM")
    on, states = dtm[2].days
    of_claim = placed.inside[dtm.rows] & ~placed.on_line[dtm.rows] & (states == spans.READ)
    which = np.flatnonzero(of_claim & dtm[1].equal(qualifier))
    days, known = np.zeros(size, np.int32), np.zeros(size, np.bool_)
    claims_of = placed.claim_of[dtm.rows[which]]
    days[claims_of], known[claims_of] = on[which], True
    return days, known
