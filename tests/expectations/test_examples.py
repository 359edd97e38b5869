"""Rows that break a contract are found by the contract's own rule, and shown without what somebody typed."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from expectations import examples
from expectations.catalog import CONTRACTS
from expectations.contract import Verdict, every_row
from orchestration import ops
from orchestration.defs.contracts import keep_results
from tests.expectations.test_contracts import AS_OF, CLEAN, COUNTER_EXAMPLES

if TYPE_CHECKING:
    import psycopg

    from expectations.contract import Contract

FILE = "f" * 64
TOKEN = "00000000-0000-4000-8000-000000000001"
RUN = str(UUID(int=7))
# What they break is no row of their table.
OF_NO_ROW = {name for name in COUNTER_EXAMPLES if name.endswith("_is_fresh")}


@pytest.fixture(name="books")
def _books(connection: psycopg.Connection) -> psycopg.Connection:
    """Return a connection to clean data with hashes as they are."""
    ops.prepare(connection)
    connection.execute(CLEAN.replace("'f'", f"'{FILE}'"))
    return connection


def _named(name: str) -> Contract:
    return next(contract for contract in CONTRACTS if contract.name == name)


def _found(connection: psycopg.Connection, contract: Contract) -> list[dict[str, object]]:
    rows = connection.execute(examples.query(contract, every_row, AS_OF).encode()).fetchall()
    return [examples.shown(row) for (row,) in rows]


def test_every_contract_shows_its_counter_example_and_none_of_clean_data(books: psycopg.Connection) -> None:
    for contract in CONTRACTS:
        assert _found(books, contract) == [], contract.name
        with books.transaction(force_rollback=True):
            books.execute(COUNTER_EXAMPLES[contract.name].encode())
            found = _found(books, contract)
        assert found, contract.name
        assert all(found) is (contract.name not in OF_NO_ROW), (contract.name, found)


def test_an_example_says_where_a_row_stands_and_its_amounts(books: psycopg.Connection) -> None:
    books.execute("update raw.visit set charge_cents = -1")
    assert _found(books, _named("visit_charge_cents_is_not_negative")) == [
        {
            "visit_token": TOKEN,
            "charge_cents": -1,
            "patient_estimate_cents": 2000,
            "file_sha256": FILE,
            "row_number": 1,
        }
    ]
    books.execute("alter table raw.fee drop column modifiers")
    assert _found(books, _named("fee_has_its_columns")) == [{"column": "modifiers"}]


@pytest.mark.parametrize("typed", ["Jane Doe", "Jane", "jane.doe@example.com", "MEMBER W123456789", "1970-01-01"])
def test_nothing_that_somebody_typed_is_shown(books: psycopg.Connection, typed: str) -> None:
    books.execute("alter table raw.practice drop constraint if exists practice_partial_visit_check")
    books.execute("update raw.practice set partial_visit = %(typed)s, practice_id = %(typed)s", {"typed": typed})
    books.execute("update raw.visit set state = %(typed)s, claim_ref = %(typed)s", {"typed": typed})
    books.execute("update raw.stripe_object set object_id = %(typed)s, payload = '{\"amount\": -1}'", {"typed": typed})
    for name in ("practice_partial_visit_is_listed", "visit_state_is_listed", "stripe_amounts_are_cents"):
        (shown,) = _found(books, _named(name))
        assert typed not in json.dumps(shown), (name, shown)


def test_five_examples_are_kept_of_a_run_once(books: psycopg.Connection) -> None:
    books.execute("update raw.visit set state = 'asleep'")
    books.execute(
        "insert into raw.visit select (jsonb_populate_record(visit, jsonb_build_object('visit_token', gen_random_uuid()"
        "))).* from raw.visit, generate_series(1, 9)"
    )
    broken, kept = _named("visit_state_is_listed"), _named("visit_is_fresh")
    verdicts = (Verdict(broken, kept=False, broken_rows=10), Verdict(kept, kept=True))
    for _ in range(2):
        keep_results(books, RUN, verdicts, every_row, AS_OF)
    rows = books.execute(
        "select contract, is_kept, broken_rows, jsonb_array_length(examples) from ops.contract_result order by 1"
    ).fetchall()
    assert rows == [(kept.name, True, None, 0), (broken.name, False, 10, 5)]


def test_where_a_column_is_gone_there_is_no_example_and_the_verdict_stays(books: psycopg.Connection) -> None:
    books.execute("alter table raw.visit drop column state")
    keep_results(books, RUN, (Verdict(_named("visit_state_is_listed"), kept=False),), every_row, date(2026, 11, 1))
    assert books.execute("select is_kept, examples from ops.contract_result").fetchall() == [(False, [])]
