"""Reads CSV and Parquet by column name against a contract of columns; a row that breaks it is refused."""

from __future__ import annotations

import csv
from collections import deque
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ingestion import parquet_rows
from ingestion.landing import FeedUnreadable, Quarantined
from ledger.rules.showing import Refused, described, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ingestion.feed import Content, Load

# By column name, each of the type that its column's reader gives.
Values: TypeAlias = dict[str, Any]
_LONGEST_COLUMN_NAME = 40


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a contract: `read` turns its text, never empty, into its value or raises Refused."""

    name: str
    read: Callable[[str], object]
    may_be_empty: bool = False
    may_be_absent: bool = False


class Problem(NamedTuple):
    """What is wrong with a row: the column that names the rule, the value to show or None, the rest of a sentence."""

    column: str
    value: str | None
    message: str


class _Row(NamedTuple):
    """A row as text: `line` is None in Parquet; `fields` is None where the row could not be taken apart."""

    line: int | None
    fields: Sequence[str] | None


def read(
    load: Load, columns: Sequence[Column], check: Callable[[Values], Iterable[Problem]] | None = None
) -> Iterator[tuple[int, Values]]:
    """Yield number (from 1) and values of each row that keeps its contract; the others go to `load.refused`.

    Values are in the order of `columns`, None where a field is empty. `check` looks at what lies between columns.
    Raises FeedUnreadable when the file is neither CSV nor Parquet or a column is missing.
    """
    content = load.file.content
    is_parquet = content.read(len(parquet_rows.MAGIC)) == parquet_rows.MAGIC
    content.seek(0)
    if is_parquet:
        parquet = parquet_rows.opened(load.file.name, content)
        absent = _absent(load, parquet.names, columns)
        present = [column.name for column in columns if column.name not in absent]
        rows: Iterator[_Row] = (_Row(None, fields) for fields in parquet.texts(present))
        names: list[str] = present
    else:
        lines = _Lines(content)
        names = _csv_header(load.file.name, lines)
        _absent(load, names, columns)
        rows = _csv_rows(lines, len(names))
    return _kept(load, columns, check, names, rows)


def _absent(load: Load, names: Sequence[str], columns: Sequence[Column]) -> set[str]:
    """Check the header and return the columns that are absent and may be."""
    absent = {column.name for column in columns} - set(names)
    missing = [column.name for column in columns if column.name in absent and not column.may_be_absent]
    if missing:
        raise FeedUnreadable(
            f"{load.file.name} has no column {', '.join(missing)}. It must be Parquet, or CSV in UTF-8 with commas,"
            " with its column names in the first row."
        )
    twice = [column.name for column in columns if names.count(column.name) > 1]
    if twice:
        raise FeedUnreadable(f"{load.file.name} has the column {', '.join(twice)} more than once. Keep one of each.")
    extra = [_named(name) for name in names if name not in {column.name for column in columns}]
    if extra:
        load.notes.append(f"Columns that are not used and were not read: {', '.join(extra)}.")
    return absent


def _named(name: str) -> str:
    return name if name.isprintable() and len(name) <= _LONGEST_COLUMN_NAME else described(name)


def _kept(
    load: Load,
    columns: Sequence[Column],
    check: Callable[[Values], Iterable[Problem]] | None,
    names: Sequence[str],
    rows: Iterator[_Row],
) -> Iterator[tuple[int, Values]]:
    # An absent column reads the empty text that is put behind the last field.
    places = [names.index(column.name) if column.name in names else len(names) for column in columns]
    pick = itemgetter(*places)
    for number, row in enumerate(load.watched(rows), start=1):
        if row.fields is None:
            load.refused.append(_refused(load, number, row.line, [_wrong_fields(len(names))]))
            continue
        values, problems = _values(columns, pick((*row.fields, "")))
        if check and not problems:
            problems.extend(check(values))
        if problems:
            load.refused.append(_refused(load, number, row.line, problems))
        else:
            yield number, values


def _values(columns: Sequence[Column], texts: Sequence[str]) -> tuple[Values, list[Problem]]:
    values: Values = {}
    problems: list[Problem] = []
    for column, text in zip(columns, texts, strict=True):
        bare = text.strip()
        if bare:
            try:
                values[column.name] = column.read(bare)
            except Refused as fault:
                problems.append(Problem(column.name, shown(bare), str(fault)))
        elif column.may_be_empty:
            values[column.name] = None
        else:
            problems.append(Problem(column.name, None, "is empty; it is required"))
    return values, problems


def _refused(load: Load, number: int, line: int | None, problems: Sequence[Problem]) -> Quarantined:
    """Make one quarantine entry of a row; the rule and the value are those of its first problem."""
    where = f"Row {number}" if line is None else f"Row {number} (line {line})"
    said = "; ".join(f"{problem.column} {problem.message}" for problem in problems)
    first = problems[0]
    return Quarantined(f"row {number}", f"{load.kind}.{first.column}", first.value, f"{where}: {said}.")


def _wrong_fields(expected: int) -> Problem:
    return Problem(
        "fields",
        None,
        f"of the row are not {expected} as in the header; put a value that holds a comma in quotes and close them",
    )


class _Lines:
    """The lines of a text file, of which those taken last can be given back."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._given_back: deque[str] = deque()
        self.taken: list[str] = []
        self.first = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        # A byte that is not UTF-8 becomes a character that no reader of values lets through.
        line = self._given_back.popleft() if self._given_back else self._next_from_file()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def _next_from_file(self) -> str:
        return self._content.readline().decode("utf-8", "surrogateescape")

    def begin_row(self) -> None:
        """Count the lines taken, and start anew."""
        self.first += len(self.taken)
        self.taken.clear()

    def give_back(self) -> None:
        """Give back all lines of the row but the first."""
        self._given_back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def _csv_header(name: str, lines: _Lines) -> list[str]:
    try:
        header = next(csv.reader(lines, strict=True))
    except (csv.Error, StopIteration):
        raise FeedUnreadable(f"{name} is neither Parquet nor CSV with column names in the first row.") from None
    lines.begin_row()
    return [column.strip().removeprefix("\ufeff").strip('"').strip() for column in header]


def _csv_rows(lines: _Lines, width: int) -> Iterator[_Row]:
    """Take the rows apart, skipping blank lines.

    A stray quotation mark would swallow the lines after it: a row that does not come out right gives them back.
    """
    reader = csv.reader(lines, strict=True)
    while True:
        lines.begin_row()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fields = [""] * (width + 1)
        if len(fields) == width:
            yield _Row(lines.first, fields)
        elif fields:
            lines.give_back()
            yield _Row(lines.first, None)
