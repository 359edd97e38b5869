"""The slow way to split a file: every interchange, its delimiters and its segments, as Python strings."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

JUNK = " \t\x00\x1a\x0b\x0c"
"""What may stand around a segment without being part of it: blanks, and the NUL and Ctrl-Z of old file systems."""

_BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf"  # the UTF-8 mark, read as Latin-1
_SEPARATORS_OF_ISA = 16
_LONGEST_ISA = 400
_HEAD = 4096
_BREAKS = re.compile(r"[\r\n]")
_ISA = re.compile(r"I[\r\n]*S[\r\n]*A[\r\n]*([^A-Za-z0-9 \t\r\n])")
_VERSION = re.compile(r"\d{5}")
_FRAGMENT = re.compile(r"(?:ST([^A-Za-z0-9 \t])\d{3}\1|GS([^A-Za-z0-9 \t])[A-Z]{2}\2)")


@dataclass(frozen=True)
class Delimiters:
    """The four delimiters of one interchange; `repetition` is empty in version 4010, whose ISA11 is a letter."""

    element: str
    component: str
    repetition: str
    terminator: str


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

    Delimiters are found in each ISA by counting its 16 separators, never by offset: ISA segments of 72 to 122 bytes
    occur. Prose before the first ISA means that the file is a description of a remittance and not one: nothing of it
    is read.
    """
    text = data.decode("latin-1")
    lead = len(text) - len(_trimmed(text))
    if lead == len(text):
        return Scan([], [Refused("era.empty", 0)])
    headers = _headers(text)
    first = headers[0][0] if headers else len(text)
    interchanges: list[Interchange] = []
    refused: list[Refused] = []
    if first > lead:
        fragment = _fragment(text[lead : min(first, lead + _HEAD)])
        if fragment is not None:
            interchanges.append(_interchange(text, lead, first, fragment, has_isa=False))
        elif _ISA.match(text, lead):
            refused.append(Refused("era.isa_unreadable", lead))
        else:
            return Scan([], [Refused("era.not_edi", lead)])
    ends = [start for start, _ in headers[1:]] + [len(text)]
    for (start, delimiters), end in zip(headers, ends, strict=False):
        interchanges.append(_interchange(text, start, end, delimiters, has_isa=True))
    _number(interchanges)
    return Scan(interchanges, refused)


def _trimmed(text: str) -> str:
    """Return the text without leading byte order marks, blanks and empty lines."""
    trimmed = text.lstrip(JUNK + "\r\n")
    return _trimmed(trimmed[3:]) if trimmed.startswith(_BYTE_ORDER_MARK) else trimmed


def _headers(text: str) -> list[tuple[int, Delimiters]]:
    """Every ISA of the file: where it starts and its delimiters."""
    found = []
    for match in _ISA.finditer(text):
        start = match.start()
        before = text[max(start - 1, 0) : start]
        if before.isalnum():  # the end of a longer word, such as a name
            continue
        delimiters = _delimiters(text, start, match.start(1))
        if delimiters is not None:
            found.append((start, delimiters))
    return found


def _delimiters(text: str, start: int, first_separator: int) -> Delimiters | None:
    """Return the delimiters of the ISA at `start`; None when no whole ISA stands there."""
    element = text[first_separator]
    at = first_separator
    for _ in range(_SEPARATORS_OF_ISA - 1):
        at = text.find(element, at + 1, start + _LONGEST_ISA)
        if at < 0:
            return None
    fields = _BREAKS.sub("", text[start:at]).split(element)
    if not _VERSION.fullmatch(fields[12].strip(JUNK)):
        return None
    marks = _component_and_terminator(text, at + 1)
    if marks is None or element in marks or marks[0] == marks[1]:
        return None
    eleventh = fields[11].strip(JUNK)
    repetition = eleventh if len(eleventh) == 1 and not eleventh.isalnum() and eleventh not in {element, *marks} else ""
    return Delimiters(element, marks[0], repetition, marks[1])


def _component_and_terminator(text: str, at: int) -> tuple[str, str] | None:
    """ISA16 and what ends the ISA; a line break may stand before either, or be the terminator itself."""
    at = _past_breaks(text, at)
    component = text[at : at + 1].replace("\x00", ":")  # a NUL is nothing: PostgreSQL takes none in a text
    after = _past_breaks(text, at + 1)
    terminator = text[after : after + 1]
    if not component or not terminator or component.isalnum():
        return None
    if not terminator.isalnum():
        return component, terminator
    if after > at + 1:
        return component, "\n" if "\n" in text[at + 1 : after] else "\r"
    # ISA16 was left out: what stands in its place ends the segment.
    return (":" if component != ":" else ">"), component


def _past_breaks(text: str, at: int) -> int:
    """Return the first position from `at` on that holds no line break."""
    while text[at : at + 1] in {"\r", "\n"}:
        at += 1
    return at


def _fragment(text: str) -> Delimiters | None:
    """Return the delimiters of a piece that starts with a GS or an ST, or None where they are not plain to see.

    The terminator is what stands before the segment that must follow: BPR after ST, ST after GS.
    """
    joined = _BREAKS.sub("", text)
    opening = _FRAGMENT.match(joined)
    if opening is None:
        return None
    element = opening.group(1) or opening.group(2)
    following = "BPR" if opening.group(1) else "ST"
    next_segment = joined.find(following + element, 2)
    if next_segment < 0 or next_segment > _LONGEST_ISA:
        return None
    terminator = joined[:next_segment].rstrip(JUNK)[-1]
    if terminator.isalnum():
        terminator = "\n" if "\n" in text else "\r"
    service = re.search(rf"SVC{re.escape(element)}[A-Z0-9]{{2}}([^A-Za-z0-9])", joined)
    component = service.group(1) if service and service.group(1) not in {element, terminator} else ":"
    return Delimiters(element, component, "^" if "^" not in {element, component, terminator} else "", terminator)


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
    around = "".join(mark for mark in JUNK + "\r\n" + _BYTE_ORDER_MARK if mark not in used)
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
