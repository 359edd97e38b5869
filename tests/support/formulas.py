"""Works out the formulas of a workbook from its cells, in whole numbers: those that a close pack is written with."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

_TOKEN = re.compile(
    r"""(?P<text>"[^"]*") | (?P<range>(?:(?:\w+|'[^']+')!)?\$?[A-Z]+\$?\d+(?::\$?[A-Z]+\$?\d+)?)
    | (?P<name>[A-Z]+)(?=\() | (?P<number>\d+) | (?P<sign>[-+=(),])""",
    re.VERBOSE,
)


class Sheets:
    """A workbook as openpyxl reads it, formulas as text; `value` works a cell out, whatever was cached in it."""

    def __init__(self, book: Workbook) -> None:
        self.book = book

    def value(self, sheet: str, cell: str) -> Any:
        """Give the value of a cell."""
        content = self.book[sheet][cell].value
        if isinstance(content, str) and content.startswith("="):
            return _Formula(self, sheet, content[1:]).value()
        return content

    def values(self, sheet: str, cells: str) -> list[Any]:
        """Give the values of the cells of a column, from one to another."""
        first, _, last = cells.partition(":")
        column = re.sub(r"\d", "", first)
        return [
            self.value(sheet, f"{column}{row}") for row in range(_row(first), (_row(last) if last else _row(first)) + 1)
        ]


class _Formula:
    """A formula being read: sums and differences of numbers, cells and functions, and one comparison in IF."""

    def __init__(self, sheets: Sheets, sheet: str, text: str) -> None:
        self.sheets, self.sheet = sheets, sheet
        found = list(_TOKEN.finditer(text))
        assert "".join(token[0] for token in found) == text, f"not understood: {text}"
        self.tokens = [(str(token.lastgroup), token[0]) for token in found]

    def value(self) -> Any:
        worked_out = self._added()
        assert not self.tokens
        return worked_out

    def _added(self) -> Any:
        sign = -1 if self._took("-") else 1
        total = self._term()
        total = sign * total if sign < 0 else total
        while self.tokens and self.tokens[0][1] in {"+", "-"}:
            total += self._term() if self.tokens.pop(0)[1] == "+" else -self._term()
        return total

    def _term(self) -> Any:
        kind, text = self.tokens.pop(0)
        if kind == "number":
            return int(text)
        if kind == "text":
            return text[1:-1]
        if kind == "range":
            cells = self._cells(text)
            return cells if ":" in text else cells[0]
        if kind == "name":
            return getattr(self, f"_{text.lower()}")(*self._arguments())
        assert text == "("
        inside = self._added()
        assert self._took(")")
        return inside

    def _arguments(self) -> list[Any]:
        assert self._took("(")
        found = [self._compared()]
        while self._took(","):
            found.append(self._compared())
        assert self._took(")")
        return found

    def _compared(self) -> Any:
        left = self._added()
        return left == self._added() if self._took("=") else left

    def _took(self, sign: str) -> bool:
        if self.tokens and self.tokens[0] == ("sign", sign):
            self.tokens.pop(0)
            return True
        return False

    def _cells(self, text: str) -> list[Any]:
        sheet, _, cells = text.replace("$", "").rpartition("!")
        return self.sheets.values(sheet.strip("'") or self.sheet, cells)

    @staticmethod
    def _sum(cells: list[Any]) -> int:
        assert all(isinstance(cell, int) for cell in cells if cell is not None)
        return sum(cell or 0 for cell in cells)

    def _sumifs(self, cells: list[Any], keys: list[Any], value: str) -> int:
        chosen = [cell for cell, key in zip(cells, keys, strict=True) if fnmatch.fnmatchcase(str(key), value)]
        return self._sum(chosen)

    @staticmethod
    def _abs(cells: list[int]) -> list[int]:
        return [abs(cell) for cell in cells]

    def _sumproduct(self, cells: list[int]) -> int:
        return self._sum(cells)

    @staticmethod
    def _if(holds: bool, one: str, other: str) -> str:
        return one if holds else other


def _row(cell: str) -> int:
    return int(re.sub(r"\D", "", cell))
