"""Counts where the books made by hand, or by pandas, are not those of a reconcile."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pandas as pd
from psycopg.sql import SQL, Identifier

from ledger.store import database as store

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.database import Database

_COLUMNS = """
    select table_name, array_agg(column_name::text order by ordinal_position)
    from information_schema.columns
    where table_schema = 'by_hand'
    group by table_name
    order by table_name
"""
_EITHER_WAY = """
    with hand as (select {columns} from by_hand.{table}), ours as (select {columns} from marts.{table})
    select
        (select count(*) from (select * from hand except all select * from ours) as only_by_hand)
        + (select count(*) from (select * from ours except all select * from hand) as only_ours)
"""
_FIGURES = (
    "payer_paid_cents",
    "patient_responsibility_cents",
    "patient_target_cents",
    "patient_billed_cents",
    "patient_collected_cents",
    "memo_cents",
    "contractual_cents",
    "sequestration_cents",
    "denied_cents",
    "other_adjustment_cents",
)
"""What the pandas script says of a visit."""


def with_hand(database: Database) -> dict[str, int]:
    """Return by table the rows that only one of the two has, over every column that both have."""
    with contextlib.closing(store.connect(database)) as connection:
        found = {}
        for table, columns in connection.execute(_COLUMNS).fetchall():
            names = SQL(", ").join(map(Identifier, columns))
            row = connection.execute(SQL(_EITHER_WAY).format(columns=names, table=Identifier(table))).fetchone()
            found[str(table)] = int(row[0]) if row else -1
    return found


def with_pandas(database: Database, out: Path) -> dict[str, int]:
    """Return the visits of which pandas says something else."""
    query = f"select visit_token::text, {', '.join(_FIGURES)} from marts.visit_revenue"
    with contextlib.closing(store.connect(database)) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(query.encode()).fetchall()
    ours = pd.DataFrame(rows, columns=["visit_token", *_FIGURES]).set_index("visit_token").sort_index()
    analyst = pd.read_parquet(out / "visits.parquet").set_index("visit_token").sort_index()[list(_FIGURES)]
    return {"visits": _unequal(ours, analyst)}


def _unequal(one: pd.DataFrame, other: pd.DataFrame) -> int:
    if not one.index.equals(other.index):
        return len(one.index.symmetric_difference(other.index)) or -1
    same = (one.astype(object) == other.astype(object)) | (one.isna() & other.isna())
    return int((~same.astype(bool)).any(axis=1).sum())
