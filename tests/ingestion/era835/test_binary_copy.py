"""Columns arrive in PostgreSQL as they are, whichever of its formats carries them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import csv

from ingestion.era835.arrow import TYPES
from ingestion.era835.binary_copy import encoded

if TYPE_CHECKING:
    from ingestion.landing import Connection

KINDS = {kind: kind for kind in TYPES}
_COLUMNS = "text text, index integer, long bigint, cents bigint, date date, flag boolean, quantity numeric"


def _row(rnd: Random) -> dict[str, Any]:
    row = {
        "text": rnd.choice(["A", "caf\u00e9 \u20ac", 'a "b", c\\d', "x" * 300, "line\nend"]),
        "index": rnd.choice([0, 1, 2**31 - 1, rnd.randrange(1000)]),
        "long": rnd.choice([0, -1, 2**63 - 1, -(2**63)]),
        "cents": rnd.randint(-(10**12), 10**12),
        "date": date(2000, 1, 1) + timedelta(rnd.randint(-700_000, 2_000_000)),
        "flag": rnd.random() < 0.5,
        "quantity": Decimal(rnd.choice([0, 1, -1, 10**18 - 1, 1 - 10**18, rnd.randint(-(10**9), 10**9)])).scaleb(-3),
    }
    return {name: None if rnd.random() < 0.1 else value for name, value in row.items()}


def _arrived(connection: Connection, form: str, rows: bytes | memoryview) -> list[Any]:
    connection.execute(f"create temporary table arrived ({_COLUMNS}) on commit drop")
    with connection.cursor() as cursor, cursor.copy(f"copy arrived from stdin with (format {form})") as copy:
        copy.write(rows)
    arrived = connection.execute("select arrived.*, quantity::text from arrived").fetchall()
    connection.rollback()
    return arrived


def test_binary_and_csv_bring_the_same_rows(connection: Connection) -> None:
    rnd = Random(835)  # noqa: S311 - test data
    rows = [_row(rnd) for _ in range(3000)]
    table = pa.table({name: pa.array([row[name] for row in rows], TYPES[name]) for name in KINDS})
    text = BytesIO()
    csv.write_csv(table, text, csv.WriteOptions(include_header=False))
    assert _arrived(connection, "binary", encoded(table, KINDS)) == _arrived(connection, "csv", text.getbuffer())


def test_no_rows_are_no_rows(connection: Connection) -> None:
    empty = pa.schema([(name, TYPES[name]) for name in KINDS]).empty_table()
    assert _arrived(connection, "binary", encoded(empty, KINDS)) == []
