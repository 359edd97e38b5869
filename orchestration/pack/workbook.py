"""The workbook of a pack: the kept tables, and sheets whose formulas add them up again and must come to 0."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from orchestration import exports
from orchestration.pack.kept import Closing
from orchestration.pack.proofs import Proof
from orchestration.pack.sums import Signed, Term, control_totals
from orchestration.published import Table

if TYPE_CHECKING:
    import psycopg
    import xlsxwriter  # type: ignore[import-untyped]  # the library has no types
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]  # the library has no types

SHEET_ROWS = 100_000
"""A table with more rows is in the CSV only: programs that open a workbook hold all of it in memory."""
_FIRST = 4  # the row of a checking sheet where its first check stands, counted from 0
_CENTS = "#,##0;[Red]-#,##0"
_TIES, _DIFFERS = "Every check ties to the cent", "Something differs: see Checks and Control totals"


class _Line(NamedTuple):
    """A line of a checking sheet: two sides, each a formula or a number with its value, and words around them."""

    words: tuple[str, ...]
    left: tuple[str, int]
    right: tuple[str, int]


def write(
    connection: "psycopg.Connection", closing: Closing, proven: Sequence[Proof], totals: Mapping[Term, int]
) -> bytes:
    """Return the workbook; every amount in it is a whole number of cents. Raises exports.DoesNotFit."""
    inside = {name: table for name, table in closing.tables.items() if closing.sealed[name].row_count <= SHEET_ROWS}
    sheets = _Sheets(closing, inside, totals)
    with tempfile.TemporaryDirectory(prefix="trueup-") as scratch:
        draft = Path(scratch, "pack.xlsx")
        # Excel knows no zones: the moment of the closing in UTC.
        created = closing.itself.made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        with exports.workbook(draft, created) as book:
            checks, columns = list(sheets.of_proofs(proven)), list(sheets.of_columns())
            ties = all(line.left[1] == line.right[1] for line in checks + columns)
            _cover(book, closing, [name for name in closing.tables if name not in inside], ties=ties)
            _checks(book, "Checks", ("What must hold", "This", "equals this"), checks)
            _checks(book, "Control totals", ("Table", "Column", "Sum of the sheet", "Sum that was kept"), columns)
            for table in inside.values():
                exports.fill(book, connection, table)
        return draft.read_bytes()


class _Sheets(NamedTuple):
    """Where the kept tables stand in the workbook, and what their columns add up to."""

    closing: Closing
    inside: dict[str, Table]
    totals: Mapping[Term, int]

    def of_proofs(self, proven: Sequence[Proof]) -> Iterator[_Line]:
        for proof in proven:
            left, right = proof.sides(self.totals)
            yield _Line((proof.says,), (self._formula(proof.left), left), (self._formula(proof.right), right))

    def of_columns(self) -> Iterator[_Line]:
        for term in control_totals(self.inside):
            kept = self.totals[term]
            yield _Line((term.table, term.column), (self._formula(((1, term),)), kept), (str(kept), kept))

    def _formula(self, side: Sequence[Signed]) -> str:
        text = "".join(f"{'+' if sign > 0 else '-'}{self._sum(term)}" for sign, term in side)
        return text.removeprefix("+")

    def _sum(self, term: Term) -> str:
        """Add the term up from its sheet; of a table that has none, or no row, its kept sum stands as a number."""
        rows = self.closing.sealed[term.table].row_count
        if term.table not in self.inside or not rows:
            return f"({self.totals[term]})"
        cells = self._cells(term.table, term.column, rows)
        if term.key is None:
            return f"SUM({cells})"
        return f'SUMIFS({cells},{self._cells(term.table, term.key, rows)},"{term.value}")'

    def _cells(self, table: str, column: str, rows: int) -> str:
        from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]  # the library has no types

        names = [each.name for each in self.inside[table].columns]
        letter = xl_col_to_name(names.index(column))
        return f"{table}!${letter}$2:${letter}${rows + 1}"


def _cover(book: "xlsxwriter.Workbook", closing: Closing, left_out: Sequence[str], *, ties: bool) -> None:
    sheet = book.add_worksheet("Pack")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    bold, wrapped = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True})
    itself = closing.itself
    lines = [
        ("Close pack", f"{closing.period}, version {closing.version}"),
        ("Closed", f"{itself.made_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC by {itself.made_by}"),
        ("Why", itself.why or "Nothing had to be explained at the closing itself."),
        ("Amounts", "Whole cents of US dollars. A day and a moment are text, moments in UTC."),
        (
            "Checks",
            "Formulas add up every column of cents of every sheet and set the sums against those that were kept.",
        ),
    ]
    for row, (label, text) in enumerate(lines):
        sheet.write_string(row, 0, label, bold)
        sheet.write_string(row, 1, text, wrapped)
    sheet.write_string(len(lines), 0, "Result", bold)
    found = "Checks!$B$2+'Control totals'!$B$2"
    sheet.write_formula(len(lines), 1, f'=IF({found}=0,"{_TIES}","{_DIFFERS}")', bold, _TIES if ties else _DIFFERS)
    if left_out:
        sheet.write_string(len(lines) + 1, 0, "In the CSV only", bold)
        sheet.write_string(
            len(lines) + 1, 1, f"{', '.join(left_out)}: more than {SHEET_ROWS:,} rows; sums are written in.", wrapped
        )


def _checks(book: "xlsxwriter.Workbook", name: str, titles: Sequence[str], lines: Sequence[_Line]) -> None:
    """Add a sheet of two sides a line, their difference and what it means; the sum of the differences stands above."""
    sheet = book.add_worksheet(name)
    bold, cents = book.add_format({"bold": True}), book.add_format({"num_format": _CENTS})
    words = len(titles) - 2
    sheet.set_column(0, 0, 78 if words == 1 else 28)
    sheet.set_column(1, words + 3, 20)
    difference = chr(ord("A") + words + 2)
    whole = f"=SUMPRODUCT(ABS(${difference}${_FIRST + 1}:${difference}${_FIRST + max(len(lines), 1)}))"
    sheet.write_string(0, 0, "Whole cents. Every difference must be 0.", bold)
    sheet.write_string(1, 0, "Sum of all differences", bold)
    sheet.write_formula(1, 1, whole, cents, sum(abs(line.left[1] - line.right[1]) for line in lines))
    for place, title in enumerate((*titles, "Difference", "Result")):
        sheet.write_string(_FIRST - 1, place, title, bold)
    for row, line in enumerate(lines, start=_FIRST):
        _write_line(sheet, row, line, cents)
    sheet.freeze_panes(_FIRST, 1)


def _write_line(sheet: "Worksheet", row: int, line: _Line, cents: object) -> None:
    words = len(line.words)
    for place, text in enumerate(line.words):
        sheet.write_string(row, place, text)
    for place, (formula, value) in enumerate((line.left, line.right), start=words):
        sheet.write_formula(row, place, f"={formula}", cents, exports.exact(value, line.words[0]))
    left, right, difference = (f"{chr(ord('A') + words + offset)}{row + 1}" for offset in range(3))
    off = line.left[1] - line.right[1]
    sheet.write_formula(row, words + 2, f"={left}-{right}", cents, off)
    sheet.write_formula(
        row, words + 3, f'=IF({difference}=0,"ties","differs")', None, "ties" if off == 0 else "differs"
    )
