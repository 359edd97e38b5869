"""Contracts on the feeds as checks of the raw assets; a broken blocking one stops dbt before its first model."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import psycopg
from psycopg.types.json import Jsonb

from expectations import examples
from expectations.catalog import CONTRACTS
from expectations.contract import Contract, Rows, Severity, Verdict, came_since, every_row
from expectations.runner import run
from ledger.store.database import connect
from orchestration.defs.resources import Books


def _spec(contract: Contract) -> dg.AssetCheckSpec:
    """Make the check a contract is in Dagster."""
    return dg.AssetCheckSpec(
        name=contract.name,
        asset=["raw", contract.feed],
        description=contract.sentence,
        blocking=contract.severity is Severity.BLOCKING,
    )


@dg.multi_asset_check(name="contracts", specs=[_spec(contract) for contract in CONTRACTS])
def contracts(context: dg.AssetCheckExecutionContext, books: dg.ResourceParam[Books]) -> Iterator[dg.AssetCheckResult]:
    """Judge every contract in one Great Expectations session."""
    rows = every_row if books.since is None else came_since(books.since, "ops.broken_row")
    verdicts = run(books.database.sqlalchemy("psycopg2"), CONTRACTS, books.as_of, rows)
    with connect(books.database) as connection:
        keep_results(connection, context.run.run_id, verdicts, rows, books.as_of)
        for verdict in verdicts:
            if verdict.contract.key:
                keep_broken(connection, verdict, verdict.contract.broken(rows(verdict.contract), books.as_of))
    for verdict in verdicts:
        yield _result(verdict)
    books.advance("contracts")


def keep_results(
    connection: psycopg.Connection, run_id: str, verdicts: tuple[Verdict, ...], rows: Rows, as_of: date
) -> None:
    """Write down how each contract fared in a run, with rows that break it; a run told twice is one."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.contract_result (contract, run_id, asset, table_name, severity, sentence, is_kept,"
            " broken_rows, examples, is_of_all_rows) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict do nothing",
            [
                (
                    *(verdict.contract.name, run_id, verdict.contract.feed, verdict.contract.table),
                    *(verdict.contract.severity.value, verdict.contract.sentence, verdict.kept, verdict.broken_rows),
                    Jsonb([] if verdict.kept else _examples(connection, verdict.contract, rows, as_of)),
                    rows(verdict.contract) is None,
                )
                for verdict in verdicts
            ],
        )


def _examples(connection: psycopg.Connection, contract: Contract, rows: Rows, as_of: date) -> list[dict[str, object]]:
    """Return rows that break a contract as anybody may see them; none where what they are found by is gone."""
    try:
        with connection.transaction():
            found = connection.execute(examples.query(contract, rows, as_of).encode()).fetchall()
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable):
        return []
    return [shown for (row,) in found if (shown := examples.shown(row))]


def keep_broken(connection: psycopg.Connection, verdict: Verdict, query: str) -> None:
    """Write down what breaks a warning, for the next run to judge again; `query` gives the keys of these rows.

    A contract that could not be judged leaves what was known.
    """
    named = {"contract": verdict.contract.name}
    if verdict.kept:
        connection.execute("delete from ops.broken_row where contract = %(contract)s", named)
    elif verdict.broken_rows is not None:
        connection.execute(f"create temporary table breaks on commit drop as {query}".encode())
        connection.execute("delete from ops.broken_row where contract = %(contract)s", named)
        connection.execute(
            "insert into ops.broken_row select distinct %(contract)s, cast(key as text) from breaks", named
        )
        connection.execute("drop table breaks")


def _result(verdict: Verdict) -> dg.AssetCheckResult:
    """Give a verdict as Dagster's result; its description is the sentence a person is told."""
    contract = verdict.contract
    blocks = contract.severity is Severity.BLOCKING
    return dg.AssetCheckResult(
        check_name=contract.name,
        asset_key=["raw", contract.feed],
        passed=verdict.kept,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description=None if verdict.kept else verdict.sentence,
        metadata={} if verdict.broken_rows is None else {"broken_rows": verdict.broken_rows},
    )
