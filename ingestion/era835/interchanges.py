"""Finds where interchanges begin and the delimiters of each, whatever the line breaks.

Text is Latin-1, a character a byte, so that a position in it is a position in the bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.jit import compiled, pointer

if TYPE_CHECKING:
    from ingestion.era835.jit import Bytes

JUNK = " \t\x00\x1a\x0b\x0c"
"""What may stand around a segment without being part of it: blanks, and the NUL and Ctrl-Z of old file systems."""

BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf"  # the UTF-8 mark, read as Latin-1
_SEPARATORS_OF_ISA = 16
_LONGEST_ISA = 400
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


@dataclass(frozen=True)
class Opening:
    """Where a stretch of a file begins that has delimiters of its own: an ISA, or a piece that starts without one."""

    start: int
    delimiters: Delimiters
    has_isa: bool

    def goes_on_with(self, following: Opening, between: str) -> bool:
        """Tell whether the next one reads as a segment of this one; `between` is the end of the text before it."""
        terminator = self.delimiters.terminator
        rest = between.rstrip((JUNK + "\r\n").replace(terminator, ""))
        same = self.has_isa and following.has_isa and following.delimiters == self.delimiters
        return same and (not rest or rest.endswith(terminator))


def trimmed(text: str) -> int:
    """Return how many byte order marks, blanks and empty lines stand before the first segment."""
    rest = text.lstrip(JUNK + "\r\n")
    while rest.startswith(BYTE_ORDER_MARK):
        rest = rest[len(BYTE_ORDER_MARK) :].lstrip(JUNK + "\r\n")
    return len(text) - len(rest)


def may_open(data: bytes) -> bool:
    """Tell, in a fraction of the time it takes to look for them, whether there may be an ISA."""
    return b"\n" in data or b"\r" in data or _names_isa(np.frombuffer(data, np.uint8))


@compiled
def _names_isa(data: Bytes) -> bool:
    memory, named = pointer(data), False
    for at in range(data.size - 2):  # to the end, whatever it finds: so many bytes are looked at together
        named |= (memory[at] == ord("I")) & (memory[at + 1] == ord("S")) & (memory[at + 2] == ord("A"))
    return named


def headers(text: str) -> list[Opening]:
    """Return every whole ISA of a text, with its delimiters."""
    found = []
    for match in _ISA.finditer(text):
        start = match.start()
        before = text[max(start - 1, 0) : start]
        if before.isalnum():  # the end of a longer word, such as a name
            continue
        delimiters = _delimiters(text, start, match.start(1))
        if delimiters is not None:
            found.append(Opening(start, delimiters, has_isa=True))
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


def looks_like_isa(text: str, at: int) -> bool:
    """Tell whether an ISA stands there, whole or not."""
    return _ISA.match(text, at) is not None


def fragment(text: str) -> Delimiters | None:
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
