"""Python explains what SQL posts: both give an adjustment the same class, and call the same claims denied."""

from __future__ import annotations

import re
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg import sql

from ledger.rules.adjustment import AdjustmentClass, adjustment_class, is_denial, refuses_by_capitation
from ledger.rules.codes_file import rows_of
from ledger.store.database import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from ledger.store.database import Database

MODELS = Path(__file__).parents[2] / "dbt" / "models"
CLASSED = "staging/remittances/stg_era__adjustments.sql"
AMOUNTS = "intermediate/remittances/int_remits__claim_amounts.sql"
PAIRS = [
    *product(("PR", "CO", "OA", "PI", "CR"), ("1", "24", "45", "253", "16")),
    ("XX", "45"),
    (None, "45"),
    ("CO", None),
]
CODES = [("PR", "1"), ("CO", "45"), ("CO", "24"), ("CO", "253"), ("OA", "23")]


def test_an_adjustment_has_one_class_in_python_and_in_sql(database: Database) -> None:
    with connect(database) as connection:
        _adjustments(connection, [(str(number), *pair, 100) for number, pair in enumerate(PAIRS)])
        rows = connection.execute(_query(CLASSED)).fetchall()
    found = {(group, reason): kind for _, group, reason, _, kind, _ in rows}
    assert found == {(group, reason): adjustment_class(group or "", reason or "").value for group, reason in PAIRS}


def test_a_claim_is_denied_by_one_rule_in_python_and_in_sql(database: Database) -> None:
    claims = {
        f"{paid}:{number}": (paid, adjustments)
        for paid in (0, 100)
        for number, adjustments in enumerate(
            [(code, cents) for code in codes]
            for size in range(4)
            for codes in combinations(CODES, size)
            for cents in (100, 0)
        )
    }
    adjustments = [(claim, *code, cents) for claim, (_, taken) in claims.items() for code, cents in taken]
    with connect(database) as connection:
        _adjustments(connection, adjustments)
        connection.execute(sql.SQL("create temp view stg_era__adjustments as ") + _query(CLASSED))
        connection.execute("create temp table int_remits__claims (claim_id text, paid_cents bigint, file_sha256 text)")
        rows = [(claim, paid) for claim, (paid, _) in claims.items()]
        connection.cursor().executemany("insert into int_remits__claims values (%s, %s)", rows)
        verdicts = sql.SQL("select claim_id, is_denial, refuses_by_capitation from ({}) as amounts").format(
            _query(AMOUNTS)
        )
        found = {claim: told for claim, *told in connection.execute(verdicts)}
    classes = {claim: [_class(code) for code, cents in taken if cents] for claim, (_, taken) in claims.items()}
    assert found == {
        claim: [is_denial(paid, classes[claim]), refuses_by_capitation(classes[claim])]
        for claim, (paid, _) in claims.items()
    }


def _class(code: tuple[str, str]) -> AdjustmentClass:
    return adjustment_class(*code)


def _adjustments(connection: psycopg.Connection, rows: Sequence[tuple[str, str | None, str | None, int]]) -> None:
    names = "claim_id text, group_code text, reason_code text, amount_cents bigint, file_sha256 text"
    connection.execute(f"create temp table era_adjustment ({names})")
    connection.execute("create temp table adjustment_class (group_code text, reason_code text, class text)")
    cursor = connection.cursor()
    cursor.executemany("insert into era_adjustment values (%s, %s, %s, %s)", rows)
    seed = [(row["group_code"], row["reason_code"], row["class"]) for row in rows_of("adjustment_class")]
    cursor.executemany("insert into adjustment_class values (%s, %s, %s)", seed)


def _query(model: str) -> sql.SQL:
    """Return a model's query over temporary tables that have the names of what it reads."""
    text = (MODELS / model).read_text(encoding="utf-8")
    text = re.sub(r"\{\{ config\(.*?\) \}\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{\{ touched\([^)]*\) \}\}", "true", text)
    text = re.sub(r"\{\{ of_touched_files\(ref\('(\w+)'\)\) \}\}", r"select * from \1", text)
    text = re.sub(r"\{\{ claim_id\('(\w+)'\) \}\}", r"\1.claim_id", text)
    text = re.sub(r"\{\{ (?:source|ref)\((?:'raw', )?'(\w+)'\) \}\}", r"\1", text)
    return sql.SQL(text)
