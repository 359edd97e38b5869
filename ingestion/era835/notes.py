"""Remarks that the loops leave behind, as findings: what they say of a segment, and of an element of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.era835.findings import dollars, finding, shown
from ledger.rules.showing import described

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ingestion.era835.envelope import Part
    from ingestion.era835.findings import Finding

_OF_ELEMENTS = {
    "era.amount_unreadable": shown,
    "era.amount_missing": None,
    "era.value_unreadable": shown,
    "era.quantity_unreadable": shown,
    "era.date_unreadable": described,
    "era.bpr_negative": shown,
    "era.currency": described,
    "era.group_unknown": described,
    "era.segment_unknown": described,
}
_OF_SEGMENTS = (
    *("era.bpr_repeated", "era.prenote", "era.debit", "era.trn_repeated", "era.component_mark", "era.reason_missing"),
    *("era.service_outside_claim", "era.adjustment_outside_claim"),
)
_OF_CENTS = ("era.claim_unbalanced", "era.service_unbalanced")
_RULES = (*_OF_ELEMENTS, *_OF_SEGMENTS, *_OF_CENTS)


def numbered(rule: str) -> int:
    """Return the number under which the loops note a rule."""
    return _RULES.index(rule)


def told(part: Part, notes: NDArray[np.int64]) -> list[Finding]:
    """Return the findings of notes: rule, segment, number of its element, and an amount in cents, a row each."""
    return [_told(part, *note) for note in notes.tolist()]


def _told(part: Part, number: int, segment: int, element: int, cents: int) -> Finding:
    rule, segments = _RULES[number], part.segments
    place = part.place(part.piece_of(segment), segment)
    if rule in _OF_CENTS:
        return finding(rule, place, dollars(cents))
    if rule not in _OF_ELEMENTS:
        return finding(rule, place)
    say = _OF_ELEMENTS[rule]
    said = segments.text(segment, element) if element else segments.name(segment)
    value = say(said or "") if say else None
    return finding(rule, place, value, f"{segments.name(segment)}{element:02d}")
