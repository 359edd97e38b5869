"""Runs contracts with Great Expectations, which is imported only here and only when something is run."""

import importlib
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any

from expectations.contract import AS_OF, Contract, Rows, Verdict, every_row

SCHEMA = "raw"


def run(sqlalchemy_url: str, contracts: Sequence[Contract], as_of: date, rows: Rows = every_row) -> tuple[Verdict, ...]:
    """Judge `contracts` against the database, one suite a table, and give a verdict for each.

    `rows` says which rows of its table a contract is judged on. `sqlalchemy_url` names its driver and has a host (Great
    Expectations refuses a URL without one). `as_of` is the day freshness is measured at. A contract that cannot be
    evaluated, because its column or table is gone, is broken.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    in_order = sorted(contracts, key=lambda contract: (contract.feed, contract.table, rows(contract) or ""))
    # The library warns of its own deprecated parts at import (3 to 12 s) and at each table; none of them is ours.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gx = importlib.import_module("great_expectations")
        with _warehouse(gx, sqlalchemy_url) as source:
            return tuple(
                verdict
                for (table, which), group in groupby(in_order, key=lambda contract: (contract.table, rows(contract)))
                for verdict in _judged(gx, source, table, tuple(group), as_of, which)
            )


@contextmanager
def _warehouse(gx: Any, sqlalchemy_url: str) -> Iterator[Any]:
    """Yield the database as a data source, and leave no connection to it behind.

    The library disposes of neither of the two engines of a data source; each keeps a connection until the collector
    comes by, and a backfill that judges day by day runs PostgreSQL out of them.
    """
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_postgres("warehouse", connection_string=sqlalchemy_url)
    try:
        yield source
    finally:
        source.get_engine().dispose()
        source.get_execution_engine().close()


def _judged(  # noqa: PLR0913, PLR0917 - what a suite is made of, from its only caller
    gx: Any, source: Any, table: str, contracts: tuple[Contract, ...], as_of: date, which: str | None
) -> Iterator[Verdict]:
    """Validate one table. A table that is not there breaks every contract on it."""
    try:
        asset = (
            source.add_query_asset(
                f"some of {table}: {contracts[0].name}", query=f"select * from {SCHEMA}.{table} where {which}"
            )
            if which
            else source.add_table_asset(table, table_name=table, schema_name=SCHEMA)
        )
    except gx.datasource.fluent.interfaces.TestConnectionError:
        yield from (Verdict(contract, kept=False) for contract in contracts)
        return
    suite = gx.ExpectationSuite(
        name=asset.name, expectations=[_expectation(gx, contract, as_of) for contract in contracts]
    )
    batch = asset.add_batch_definition_whole_table("whole").get_batch()
    outcome = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    results = {result.expectation_config.meta["contract"]: result for result in outcome.results}
    for contract in contracts:
        result = results[contract.name]
        yield Verdict(contract, kept=bool(result.success), broken_rows=_broken_rows(result.result))


def _expectation(gx: Any, contract: Contract, as_of: date) -> Any:
    """Make the Great Expectations object of a contract; its name travels in `meta`."""
    arguments = {
        key: value.replace(AS_OF, as_of.isoformat()) if isinstance(value, str) else value
        for key, value in contract.arguments.items()
    }
    given = (
        _counted(gx)
        if contract.expectation == "UnexpectedRowsExpectation"
        else getattr(gx.expectations, contract.expectation)
    )
    return given(**arguments, meta={"contract": contract.name})


@lru_cache(maxsize=1)
def _counted(gx: Any) -> Any:
    """Make the expectation that a query gives no row: the library's own reads the rows after it has counted them."""

    class NoRow(gx.expectations.UnexpectedRowsExpectation):  # type: ignore[misc] # the library has no types
        metric_dependencies = ("unexpected_rows_query.row_count",)

        def _validate(self, metrics: dict[str, Any], **_: object) -> dict[str, Any]:
            count = metrics["unexpected_rows_query.row_count"]
            return {"success": count == 0, "result": {"observed_value": count}}

    return NoRow


def _broken_rows(result: dict[str, Any]) -> int | None:
    """Count the rows that broke it, where Great Expectations counts rows; it counts none for a missing column."""
    count = result.get("unexpected_count")
    if count is None:
        count = re.match(r"\d+", str(result.get("observed_value")))
        count = count and count.group()
    return None if count is None else int(count)
