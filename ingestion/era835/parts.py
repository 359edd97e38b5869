"""Blocks of a file of any size to parts: segments with their envelopes read, and the bodies of transactions hashed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ingestion.era835.body import Bodies
from ingestion.era835.envelope import Envelopes
from ingestion.era835.findings import Place, finding
from ingestion.era835.stretches import Stretches

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from ingestion.era835.envelope import Part
    from ingestion.era835.findings import Finding


class Told(NamedTuple):
    """A part and what is to be said of it so far; at the end, where there is something to say of the file, no part."""

    part: Part | None
    findings: list[Finding]


def parts(blocks: Iterable[bytes]) -> Generator[Told]:
    """Yield the parts of a file as its blocks come in; at least one."""
    findings: list[Finding] = []
    stretches, envelopes = Stretches(findings), Envelopes(findings)
    given = False
    for stretch in stretches.of(blocks):
        begins_without_isa = stretch.begins and not stretch.has_isa
        part = envelopes.read(stretch.segments, begins_without_isa=begins_without_isa, ends=stretch.ends)
        bodies = Bodies(part.segments)
        for piece in part.pieces:
            piece.transaction.body.add(bodies, piece.inside)
        yield Told(part, findings.copy())
        findings.clear()
        given = True
    if not envelopes.count and not stretches.refused:
        findings.append(finding("era.no_remittance", Place()))
    if findings or not given:
        yield Told(None, findings)
