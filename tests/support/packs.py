"""Reads the files of a close pack without what made them: the cells of the page, the streams of the PDF."""

from __future__ import annotations

import re
import zlib
from html.parser import HTMLParser


class Cells(HTMLParser):
    """Reads the rows of all tables of a page, each a tuple of texts."""

    def __init__(self, text: str, *, stands_alone: bool = True) -> None:
        super().__init__()
        self.stands_alone = stands_alone
        self.rows: list[list[str]] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag in {"td", "th"} or (self.inside and tag not in {"p", "h2"})
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        assert all(name not in {"src", "style"} for name, _ in attrs)
        assert not self.stands_alone or all(str(value).startswith("#") for name, value in attrs if name == "href")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def streams(document: bytes) -> list[bytes]:
    """Return what the streams of a PDF hold, unpacked where they are packed."""
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL):
        try:
            found.append(zlib.decompress(match[1]))
        except zlib.error:
            found.append(match[1])
    return found
