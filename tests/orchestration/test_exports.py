"""Exports: the four formats say the same, in one order, with integers as integers."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import openpyxl
import psycopg
import pyarrow as pa
import pytest
from pyarrow import parquet

from orchestration import exports, published

TABLE = """
create table marts.sample (
    visit_token uuid, kind text, amount_cents bigint, count integer, billed boolean,
    on_day date, issued_at timestamptz, evidence json
)
"""
ROWS = """
insert into marts.sample values
    ('00000000-0000-4000-8000-000000000002', 'b,"quoted"', 9007199254740993, 2, false, null, null, null),
    ('00000000-0000-4000-8000-000000000001', '=1+1', -5, 1, true, '2026-09-01', '2026-09-01 12:00:00.5+02',
     '{"n": [1]}'),
    ('00000000-0000-4000-8000-000000000001', 'B', 7, 1, true, '2026-09-01', '2026-09-01 12:00+00', '{}'),
    ('00000000-0000-4000-8000-000000000001', 'a', 7, 1, true, '2026-09-01', '2026-09-01 12:00+00', '{}')
"""


@pytest.fixture
def table(connection: psycopg.Connection) -> published.Table:
    connection.execute(TABLE)
    connection.execute(ROWS)
    return published.tables(connection)["sample"]


Writer = Callable[[psycopg.Connection, published.Table, io.BytesIO], int]


def _written(
    writer: Writer,
    connection: psycopg.Connection,
    table: published.Table,
) -> tuple[int, bytes]:
    sink = io.BytesIO()
    return writer(connection, table, sink), sink.getvalue()


def test_csv_quotes_what_needs_it_and_writes_iso_days_and_times(
    connection: psycopg.Connection, table: published.Table
) -> None:
    count, written = _written(exports.as_csv, connection, table)
    rows = list(csv.DictReader(io.StringIO(written.decode())))
    assert count == len(rows) == 4
    assert [row["kind"] for row in rows] == ["=1+1", "B", "a", 'b,"quoted"']
    assert rows[0]["issued_at"] == "2026-09-01T10:00:00.500000+00:00"
    assert (rows[0]["on_day"], rows[0]["billed"], rows[0]["amount_cents"]) == ("2026-09-01", "true", "-5")
    assert (rows[3]["on_day"], rows[3]["amount_cents"]) == ("", "9007199254740993")


def test_json_is_an_array_of_objects_with_integers_and_nested_evidence(
    connection: psycopg.Connection, table: published.Table
) -> None:
    count, written = _written(exports.as_json, connection, table)
    rows = json.loads(written)
    assert count == len(rows) == 4
    assert rows[0] == {
        "visit_token": "00000000-0000-4000-8000-000000000001",
        "kind": "=1+1",
        "amount_cents": -5,
        "count": 1,
        "billed": True,
        "on_day": "2026-09-01",
        "issued_at": "2026-09-01T10:00:00.500000+00:00",
        "evidence": {"n": [1]},
    }
    assert rows[3]["amount_cents"] == 9007199254740993


def test_parquet_keeps_int64_days_and_moments(connection: psycopg.Connection, table: published.Table) -> None:
    count, written = _written(exports.as_parquet, connection, table)
    found = parquet.read_table(io.BytesIO(written))
    assert count == found.num_rows == 4
    assert found.schema.field("amount_cents").type == pa.int64()
    assert found.schema.field("count").type == pa.int64()
    assert found.schema.field("on_day").type == pa.date32()
    first, *_, last = found.to_pylist()
    assert (first["on_day"], first["issued_at"]) == (date(2026, 9, 1), datetime(2026, 9, 1, 10, 0, 0, 500000, UTC))
    assert (first["evidence"], last["amount_cents"]) == ('{"n": [1]}', 9007199254740993)


def test_xlsx_holds_integers_and_never_a_formula(connection: psycopg.Connection, table: published.Table) -> None:
    connection.execute("delete from marts.sample where amount_cents > 100")
    count, written = _written(exports.as_xlsx, connection, table)
    header, *rows = openpyxl.load_workbook(io.BytesIO(written)).active.iter_rows(values_only=True)
    assert count == len(rows) == 3
    assert header == tuple(column.name for column in table.columns)
    assert rows[0][1:6] == ("=1+1", -5, 1, True, "2026-09-01")
    assert openpyxl.load_workbook(io.BytesIO(written)).active["B2"].data_type == "s"


def test_xlsx_refuses_a_number_a_cell_cannot_hold(connection: psycopg.Connection, table: published.Table) -> None:
    with pytest.raises(exports.DoesNotFit, match="9007199254740993"):
        _written(exports.as_xlsx, connection, table)


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "xlsx"])
def test_equal_tables_give_equal_bytes_whatever_the_order_of_their_rows(
    form: str, connection: psycopg.Connection, table: published.Table
) -> None:
    connection.execute("update marts.sample set amount_cents = 1 where amount_cents > 100")
    first = _written(exports.FORMATS[form], connection, table)
    connection.execute("create temporary table kept as select * from marts.sample order by kind desc")
    connection.execute("truncate marts.sample")
    connection.execute("insert into marts.sample select * from kept")
    assert _written(exports.FORMATS[form], connection, table) == first


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "xlsx"])
def test_an_empty_table_is_a_whole_file(form: str, connection: psycopg.Connection, table: published.Table) -> None:
    connection.execute("truncate marts.sample")
    count, written = _written(exports.FORMATS[form], connection, table)
    assert count == 0
    assert written


def test_the_quarantine_can_be_exported_before_there_are_marts(connection: psycopg.Connection) -> None:
    quarantine = published.tables(connection)["quarantine"]
    assert [column.name for column in quarantine.columns] == [
        "source",
        "file_sha256",
        "position",
        "rule",
        "value",
        "message",
    ]
