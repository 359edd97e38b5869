"""Tables of the books as CSV, Parquet, JSON and XLSX: streamed, in one fixed order, integers as integers."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from orchestration.published import INTEGER_TYPES, JSON_TYPES, MOMENT, Column, Table

if TYPE_CHECKING:
    import psycopg
    import xlsxwriter  # type: ignore[import-untyped]  # the library has no types
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]  # the library has no types

ROWS_A_FETCH = 5_000
XLSX_ROWS = 1_048_576  # of a sheet, the header included (Excel specifications and limits)
XLSX_INTEGER = 2**53  # a cell is an IEEE 754 double: whole numbers are exact up to here
XLSX_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - the library wants it bare; fixed, so that equal tables give equal bytes


class DoesNotFit(Exception):  # noqa: N818 - the public name says what is wrong
    """A table is more than a sheet can hold; the message says what and which format holds it."""


def as_csv(connection: "psycopg.Connection", table: Table, sink: BinaryIO) -> int:
    """Write CSV (RFC 4180, UTF-8, a header) straight from COPY and give the number of rows."""
    with connection.cursor() as cursor:
        with cursor.copy(f"copy ({table.query(_as_text)}) to stdout (format csv, header)") as copy:
            sink.writelines(copy)
        return cursor.rowcount


def as_json(connection: "psycopg.Connection", table: Table, sink: BinaryIO) -> int:
    """Write a JSON array of objects, one a line; JSON columns are nested, integers stay integers."""
    count = 0
    for row in _rows(connection, table.query(_native)):
        named = {column.name: value for column, value in zip(table.columns, row, strict=True)}
        sink.write(b",\n" if count else b"[\n")
        sink.write(json.dumps(named, ensure_ascii=False).encode())
        count += 1
    sink.write(b"\n]\n" if count else b"[]\n")
    return count


def as_parquet(connection: "psycopg.Connection", table: Table, sink: BinaryIO) -> int:
    """Write Parquet: integers int64, days date32, moments timestamp[us, UTC], all else text."""
    import pyarrow as pa
    from pyarrow import parquet

    types: dict[str, pa.DataType] = {"boolean": pa.bool_(), "date": pa.date32(), MOMENT: pa.timestamp("us", tz="UTC")}
    types |= dict.fromkeys(INTEGER_TYPES, pa.int64())
    schema = pa.schema([(column.name, types.get(column.type, pa.string())) for column in table.columns])
    count = 0
    with parquet.ParquetWriter(sink, schema) as writer:
        for rows in _batches(connection, table.query(_for_parquet)):
            arrays = [
                pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.table(arrays, schema=schema))
            count += len(rows)
    return count


def as_xlsx(connection: "psycopg.Connection", table: Table, sink: BinaryIO) -> int:
    """Write one sheet in constant memory: amounts as integer cents, days and moments as ISO text.

    Raises DoesNotFit for an integer a cell cannot hold exactly and for more rows than a sheet has.
    """
    with tempfile.TemporaryDirectory(prefix="trueup-") as scratch:
        draft = Path(scratch, "book.xlsx")
        with workbook(draft) as book:
            count = fill(book, connection, table)
        with draft.open("rb") as whole:
            shutil.copyfileobj(whole, sink)
    return count


FORMATS: dict[str, Callable[["psycopg.Connection", Table, BinaryIO], int]] = {
    "csv": as_csv,
    "parquet": as_parquet,
    "json": as_json,
    "xlsx": as_xlsx,
}


def _batches(connection: "psycopg.Connection", query: str) -> Iterator[list[tuple[object, ...]]]:
    with connection.cursor(name="export") as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(ROWS_A_FETCH):
            yield rows


def _rows(connection: "psycopg.Connection", query: str) -> Iterator[tuple[object, ...]]:
    for rows in _batches(connection, query):
        yield from rows


def _native(column: Column) -> str:
    kept = column.type in INTEGER_TYPES | JSON_TYPES | {"boolean"}
    return column.reference if kept else _as_text(column)


def _as_text(column: Column) -> str:
    if column.type == MOMENT:
        return f"""to_char({column.reference} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""
    if column.type == "date":
        return f"to_char({column.reference}, 'YYYY-MM-DD')"
    return f"{column.reference}::text"


def _for_parquet(column: Column) -> str:
    return column.reference if column.type in {"date", MOMENT} else _for_xlsx(column)


def _for_xlsx(column: Column) -> str:
    return _as_text(column) if column.type in JSON_TYPES else _native(column)


@contextlib.contextmanager
def workbook(draft: Path, created: datetime = XLSX_CREATED) -> Iterator["xlsxwriter.Workbook"]:
    """Give an empty workbook that is written to `draft` in constant memory; rows of a sheet come in their order."""
    # The library keeps rows in a file of its own until the book is closed: it is closed however the block ends.
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]  # the library has no types

    options = {
        "constant_memory": True,
        "tmpdir": str(draft.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(draft, options)
    book.set_properties({"created": created})
    try:
        yield book
    finally:
        try:
            book.close()
        except FileCreateError as wrapped:
            # It hides the system's error (no room, no right), which has its own sentence.
            raise wrapped.args[0] from wrapped


def fill(book: "xlsxwriter.Workbook", connection: "psycopg.Connection", table: Table) -> int:
    """Add a sheet with the rows of a table below a header, and give their number; raises DoesNotFit."""
    sheet = book.add_worksheet(table.name[:31])
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, max(12, len(column.name) + 2))
        sheet.write_string(0, place, column.name, bold)
    count = 0
    for count, row in enumerate(_rows(connection, table.query(_for_xlsx)), start=1):
        if count >= XLSX_ROWS:
            raise DoesNotFit(
                f"{table.name} has more rows than a sheet holds ({XLSX_ROWS:,}): export it as csv or parquet."
            )
        _write(sheet, count, row, table)
    return count


def _write(sheet: "Worksheet", place: int, row: tuple[object, ...], table: Table) -> None:
    for index, value in enumerate(row):
        if isinstance(value, bool):
            sheet.write_boolean(place, index, value)
        elif isinstance(value, int):
            sheet.write_number(place, index, exact(value, f"{table.name}.{table.columns[index].name}"))
        elif value is not None:
            sheet.write_string(place, index, str(value))


def exact(value: int, where: str) -> int:
    """Return a whole number that a cell holds exactly; raises DoesNotFit for one that it does not."""
    if abs(value) > XLSX_INTEGER:
        raise DoesNotFit(
            f"{where} holds {value}, which a cell of XLSX cannot hold exactly (more than 2^53): "
            "export it as csv, json or parquet."
        )
    return value
