"""The slow way to split a file: the segments of every interchange, as Python strings.

Where an interchange begins and what its delimiters are is the product's own reading: written twice it was the same,
word for word, and judged nothing. The written files judge it (remittance_expected).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from ingestion.era835.interchanges import (
    BYTE_ORDER_MARK,
    JUNK,
    Delimiters,
    fragment,
    headers,
    looks_like_isa,
    trimmed,
)

_HEAD = 4096


@dataclass
class Interchange:
    """The segments of one interchange, ISA first, without line breaks; a piece without ISA (a fragment) likewise.

    Text is Latin-1, a character a byte, so that a position in it is a position in the file. `unterminated` says that
    the last segment has no terminator, as happens where a file was cut off. Segments that are empty stay in the list.
    `around` are the characters that say nothing before and after a segment.
    """

    delimiters: Delimiters
    segments: list[str]
    unterminated: bool
    has_isa: bool
    start: int
    around: str
    first_segment: int = 0
    _source: str = field(default="", repr=False)
    _removed: str = field(default="\r\n", repr=False)
    _pieces: list[str] = field(default_factory=list, repr=False)
    _starts: list[int] = field(default_factory=list, repr=False)
    _breaks: list[int] = field(default_factory=list, repr=False)

    def byte_offset(self, segment: int) -> int:
        """Where segment number `segment` starts, in bytes from the start of the file; line breaks taken out count."""
        if not self._starts:
            self._starts = [0, *accumulate(len(piece) + 1 for piece in self._pieces)]
            removed = (match.start() for match in re.finditer(f"[{self._removed}]", self._source))
            self._breaks = [position - number for number, position in enumerate(removed)]
        if segment >= len(self.segments):
            return self.start + len(self._source)
        cleaned = self._starts[segment] + len(self._pieces[segment]) - len(self.segments[segment])
        return self.start + cleaned + bisect_right(self._breaks, cleaned)


@dataclass(frozen=True)
class Refused:
    """A stretch of the file that is no interchange: the rule it breaks and where it starts, in bytes."""

    rule: str
    byte_offset: int


@dataclass(frozen=True)
class Scan:
    """What a file holds: its interchanges in order, and the stretches that could not be read."""

    interchanges: list[Interchange]
    refused: list[Refused]


def scan(data: bytes) -> Scan:
    """Split a file into interchanges. Never raises: what cannot be read is listed as refused.

    Prose before the first ISA means that the file is a description of a remittance and not one: nothing of it
    is read.
    """
    text = data.decode("latin-1")
    lead = trimmed(text)
    if lead == len(text):
        return Scan([], [Refused("era.empty", 0)])
    openings = headers(text)
    first = openings[0].start if openings else len(text)
    interchanges: list[Interchange] = []
    refused: list[Refused] = []
    if first > lead:
        delimiters = fragment(text[lead : min(first, lead + _HEAD)])
        if delimiters is not None:
            interchanges.append(_interchange(text, lead, first, delimiters, has_isa=False))
        elif looks_like_isa(text, lead):
            refused.append(Refused("era.isa_unreadable", lead))
        else:
            return Scan([], [Refused("era.not_edi", lead)])
    ends = [opening.start for opening in openings[1:]] + [len(text)]
    for opening, end in zip(openings, ends, strict=False):
        interchanges.append(_interchange(text, opening.start, end, opening.delimiters, has_isa=True))
    _number(interchanges)
    return Scan(interchanges, refused)


def _interchange(text: str, start: int, end: int, delimiters: Delimiters, *, has_isa: bool) -> Interchange:
    """Return the segments of one stretch of the file.

    Line breaks say nothing unless they are the terminator, so all are taken out first: that joins hard-wrapped lines
    of every width.
    """
    source = text[start:end]
    removed = "\r\n".replace(delimiters.terminator, "")
    cleaned = source
    for mark in removed:
        cleaned = cleaned.replace(mark, "")
    used = {delimiters.element, delimiters.component, delimiters.repetition, delimiters.terminator}
    if "\x00" not in used:
        cleaned = cleaned.replace("\x00", " ")
    pieces = cleaned.split(delimiters.terminator)
    around = "".join(mark for mark in JUNK + "\r\n" + BYTE_ORDER_MARK if mark not in used)
    unterminated = bool(pieces[-1].strip(around))
    if not unterminated:
        pieces.pop()
    segments = [piece.lstrip(around) for piece in pieces]
    return Interchange(
        delimiters, segments, unterminated, has_isa, start, around, _source=source, _removed=removed, _pieces=pieces
    )


def _number(interchanges: list[Interchange]) -> None:
    """Tells each interchange how many segments of the file stand before it."""
    before = 0
    for interchange in interchanges:
        interchange.first_segment = before
        before += len(interchange.segments)
