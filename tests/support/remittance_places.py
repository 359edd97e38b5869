"""Where every segment of a written file stands: its byte, its number in the file, the transactions it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.remittance_writer import as_latin, rendered

if TYPE_CHECKING:
    from tests.support.remittance_writer import Style, Written


@dataclass(frozen=True)
class Places:
    """The segments of one interchange; after the last one `offsets` goes on with where the interchange ends.

    `transactions` are `[start, end)` of each 835, with ST, without SE; `first_segment` counts those of the file before.
    """

    segments: list[str]
    offsets: list[int]
    first_segment: int
    transactions: list[tuple[int, int]]

    def at(self, name: str) -> int:
        """Return the number of the last segment of that name; of one that is left out, where it would be looked for."""
        for number in range(len(self.segments) - 1, -1, -1):
            if self.name(number) == name:
                return number
        return self.at("IEA") if name == "GE" else len(self.offsets) - 1

    def name(self, number: int) -> str:
        """Return the segment's id."""
        return self.segments[number].split(self.separator)[0]

    @property
    def separator(self) -> str:
        """What stands after ISA."""
        return self.segments[0][3]


def placed(file: list[Written]) -> list[Places]:
    """Return the places of every interchange of a file that is the interchanges one after the other."""
    found: list[Places] = []
    base = before = 0
    for number, written in enumerate(file):
        style, segments = written.style, [as_latin(segment, written.style) for segment in written.segments()]
        following = file[number + 1].style.lead if number + 1 < len(file) else b""
        length = len(rendered(written.segments(), style))
        empty = (style.tail + following).count(style.terminator[-1].encode("latin-1"))
        offsets = _offsets(segments, style, base + len(style.lead))
        offsets += [base + length + len(following)] * (empty + 1)
        found.append(Places(segments, offsets, before, _transactions(segments, len(segments) + empty)))
        base += length
        before += len(segments) + empty
    return found


def as_bytes(file: list[Written]) -> bytes:
    """Return the whole file."""
    return b"".join(rendered(written.segments(), written.style) for written in file)


def _offsets(segments: list[str], style: Style, start: int) -> list[int]:
    offsets, at = [], 0
    for segment in segments:
        breaks = at // style.wrap if style.wrap else 0
        offsets.append(start + at + breaks * len(style.wrap_with))
        at += len(segment) + len(style.terminator + style.newline)
    return offsets


def _transactions(segments: list[str], last: int) -> list[tuple[int, int]]:
    separator = segments[0][3]
    names = [segment.split(separator)[0] for segment in segments]
    ends = [number for number, name in enumerate(names) if name in {"SE", "ST", "GE", "IEA"}] + [last]
    starts = [number for number, segment in enumerate(segments) if segment.startswith(f"ST{separator}835{separator}")]
    return [(start, next(end for end in ends if end > start)) for start in starts]
