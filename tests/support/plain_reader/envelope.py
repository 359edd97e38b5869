"""The slow way through the envelopes: which segments are one 835 transaction, and whether the counts agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.era835.findings import Finding, Place, finding
from ledger.rules.showing import described
from tests.support.plain_reader.values import text

if TYPE_CHECKING:
    from tests.support.plain_reader.scanner import Interchange

ENVELOPE = frozenset({"ISA", "GS", "ST", "SE", "GE", "IEA", "TA1"})
"""Segments that are read as envelope, wherever they stand."""


@dataclass
class Transaction:
    """One ST*835: its segments are `[start, end)` of the interchange, with ST, without SE. `complete`: it has an SE."""

    st_index: int
    isa_control: str | None
    gs_control: str | None
    st_control: str | None
    start: int
    end: int
    complete: bool


@dataclass
class _Walk:
    """Where a walk over one interchange stands. `counted` are the groups, `grouped` the transactions of the group."""

    interchange: Interchange
    st_index: int
    findings: list[Finding]
    transactions: list[Transaction] = field(default_factory=list)
    isa_control: str | None = None
    gs_control: str | None = None
    counted: int = 0
    grouped: int = 0
    in_interchange: bool = False
    in_group: bool = False
    stray: bool = False
    start: int | None = None
    outside: list[int] = field(default_factory=list)

    def note(self, rule: str, segment: int, value: str | None = None) -> None:
        """Add a remark about the envelope, or about the transaction that starts at `start`."""
        inside = self.start is not None
        number = segment - self.start if self.start is not None else self.interchange.first_segment + segment
        place = Place(self.st_index if inside else None, number, self.interchange.byte_offset(segment))
        self.findings.append(finding(rule, place, value))


def transactions(
    interchange: Interchange, first_st_index: int, findings: list[Finding]
) -> tuple[list[Transaction], list[int]]:
    """Return the 835 transactions of one interchange, numbered from `first_st_index`; remarks go to `findings`.

    The second part is the segments of no such transaction that are no envelope either.

    Wrong counts and control numbers are told and nothing more: clearinghouses rewrap. A transaction without its own SE
    is not complete, whatever follows.
    """
    walk = _Walk(interchange, first_st_index, findings)
    if not interchange.has_isa:
        walk.note("era.no_isa", 0)
    element = interchange.delimiters.element
    at = 0
    while at < len(interchange.segments):
        elements = interchange.segments[at].split(element)
        if elements[0] == "ST":
            at = _transaction(walk, at, elements)
            continue
        _outside(walk, at, elements)
        at += 1
    _close_group(walk, at)
    if walk.in_interchange:
        walk.note("era.iea_missing", at)
    return walk.transactions, walk.outside


def _outside(walk: _Walk, at: int, elements: list[str]) -> None:
    """Take one segment that stands outside every transaction."""
    name = elements[0]
    if name not in ENVELOPE and walk.interchange.segments[at]:
        walk.outside.append(at)
    if name in ENVELOPE and name != "SE":
        walk.stray = False
    if name == "ISA":
        _close_group(walk, at)
        if walk.in_interchange:
            walk.note("era.iea_missing", at)
        walk.counted = walk.grouped = 0
        walk.isa_control = _element(elements, 13)
        walk.in_interchange = True
    elif name == "GS":
        _close_group(walk, at)
        walk.gs_control, walk.in_group, walk.grouped = _element(elements, 6), True, 0
        walk.counted += 1
    elif name == "GE":
        _agree(walk, "era.ge", at, elements, (walk.grouped, walk.gs_control))
        walk.in_group, walk.gs_control = False, None
    elif name == "IEA":
        _close_group(walk, at)
        _agree(walk, "era.iea", at, elements, (walk.counted, walk.isa_control))
        walk.in_interchange, walk.isa_control, walk.counted = False, None, 0
    elif walk.interchange.segments[at] and name != "TA1" and not walk.stray:
        walk.stray = True
        walk.note("era.segment_outside", at, described(name))


def _transaction(walk: _Walk, start: int, elements: list[str]) -> int:
    """Take a transaction from its ST on; return the segment after it."""
    walk.stray = False
    walk.grouped += 1
    segments, element = walk.interchange.segments, walk.interchange.delimiters.element
    openings = tuple(name + element for name in ("SE", "ST", "GE", "GS", "IEA", "ISA"))
    end = start + 1
    while end < len(segments) and not segments[end].startswith(openings):
        end += 1
    closing = segments[end].split(element) if end < len(segments) else [""]
    after = end + 1 if closing[0] == "SE" else end
    kind, control = _element(elements, 1), _element(elements, 2)
    if kind != "835":
        walk.note("era.other_transaction", start, kind if kind and kind.isdecimal() else described(kind or ""))
        inside = ((at, segments[at].split(element)[0]) for at in range(start, after) if segments[at])
        walk.outside.extend(at for at, name in inside if name not in ENVELOPE)
        return after
    counted = sum(1 for segment in segments[start:after] if segment)
    complete = closing[0] == "SE" and (
        after < len(segments)
        or not walk.interchange.unterminated
        or (_number(closing), _element(closing, 2)) == (counted, control)  # only the last terminator is not there
    )
    if complete:
        walk.start = start
        _agree(walk, "era.se", end, closing, (counted, control))
        walk.start = None
    walk.transactions.append(
        Transaction(walk.st_index, walk.isa_control, walk.gs_control, control, start, end, complete)
    )
    walk.st_index += 1
    return after


def _close_group(walk: _Walk, at: int) -> None:
    if walk.in_group:
        walk.note("era.ge_missing", at)
    walk.in_group, walk.gs_control = False, None


def _agree(walk: _Walk, rule: str, at: int, elements: list[str], expected: tuple[int, str | None]) -> None:
    """Compare a trailer's count and control number with what was counted and opened."""
    if _number(elements) != expected[0]:
        said = _element(elements, 1) or ""
        walk.note(f"{rule}_count", at, f"{said if said.isdecimal() else described(said)}, counted {expected[0]}")
    if _element(elements, 2) != expected[1]:
        walk.note(f"{rule}_control", at)


def _number(elements: list[str]) -> int | None:
    """Return a trailer's count; null where it is no number."""
    said = _element(elements, 1) or ""
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= 10 else None


def _element(elements: list[str], number: int) -> str | None:
    """Element `number`, without blanks around it; null where it is empty or not there."""
    return text(elements[number]) if number < len(elements) else None
