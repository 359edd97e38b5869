"""What a contract is: a demand on one raw table, its severity and the sentence said when it is broken."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

Feed = Literal["visits", "stripe_objects", "remittances", "fees", "practices", "bank_deposits"]

BATCH = "{batch}"
"""Stands in a query for the table under test; Great Expectations puts the table there."""

AS_OF = "{as_of}"
"""Stands in a query for the day ages are counted to (`trueup reconcile --as-of`), as an ISO date."""


LONGEST_GAP_DAYS, LOOKED_BACK_DAYS = 7, 60


class Severity(StrEnum):
    """What a broken contract does: a blocking one stops everything downstream, a warning is said and nothing else."""

    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True)
class Contract:
    """One demand on one table of schema `raw`, as data: nothing here needs Great Expectations.

    `expectation` is the name of a Great Expectations class and `arguments` what it is made with; the runner is the
    only place that knows more. `sentence` says what is wrong and how to mend it, and never shows a value.

    `key` (an SQL expression over the table, and its type) names a row of a warning that goes row by row; its query
    gives it as `key`. A row that keeps such a warning keeps it for ever: nothing that comes later breaks it.
    """

    name: str
    feed: Feed
    table: str
    severity: Severity
    sentence: str
    expectation: str
    arguments: Mapping[str, object]
    key: tuple[str, str] | None = None

    def broken(self, rows: str | None, as_of: date) -> str:
        """Return the query for what breaks it, of the rows for which `rows` holds; for a contract with a query."""
        judged = f"raw.{self.table}" + (f" where {rows}" if rows else "")
        query = str(self.arguments["unexpected_rows_query"])
        return query.replace(f"from {BATCH}", f"from {judged}").replace(AS_OF, as_of.isoformat())


Rows = Callable[[Contract], str | None]
"""Which rows of its table a contract is judged on, as a condition in SQL; None is all of them."""

_LOADED = "load_id > {load}"
# File by file and by the place of a row: hashes come in no order, so that the server takes the index of ranges that the
# large tables have by file (ingestion/raw.sql) for useless, and would read all files there are.
_BELOW_FILES = """
    ctid in (
        select found.ctid
        from ({files}) as came (file_sha256)
        cross join lateral (
            select ctid from raw.{table} as rows_of_files where rows_of_files.file_sha256 = came.file_sha256 offset 0
        ) as found
    )
"""
# What stands below a transaction came with its file; a settlement may post what was held.
_FILES = """
    select file_sha256 from raw.era_transaction where load_id > {load}
    union
    select file_sha256 from raw.era_settlement where settlement_id > {load}
    union
    select replaced_by_file_sha256 from raw.era_settlement where settlement_id > {load}
"""


def every_row(_contract: "Contract") -> None:
    """Judge all rows there are."""


def came_since(load: int, broke: str = "") -> Rows:
    """Judge the rows that came after a load; a warning stands until nothing breaks it any more.

    A row of raw is never changed, and the rules of blocking contracts are of a row or of a remittance file. Keys that
    a row could share with an older one are primary keys. A warning with a key is judged on what came and on what broke
    it before, as the table `broke` (contract, key) has it; one without, or without that table, on all rows.
    """

    def rows(contract: Contract) -> str | None:
        came = _came(contract, load)
        if contract.severity is Severity.BLOCKING:
            return came
        if not (contract.key and broke):
            return None
        key, kind = contract.key
        every, before = f"select ctid from raw.{contract.table}", f"{broke} where contract = '{contract.name}'"
        return f"ctid in ({every} where {came} union {every} where {key} in (select cast(key as {kind}) from {before}))"

    return rows


def _came(contract: Contract, load: int) -> str:
    """Return the condition under which a row of a contract's table came after a load, or is of a file that did."""
    files = _FILES.format(load=load)
    if contract.feed != "remittances":
        return _LOADED.format(load=load)
    if contract.table == "era_transaction":
        return f"file_sha256 in ({files})"
    return _BELOW_FILES.format(files=files, table=contract.table)


@dataclass(frozen=True)
class Verdict:
    """How one contract fared; `broken_rows` counts the offending rows, None where rows are not what is counted."""

    contract: Contract
    kept: bool
    broken_rows: int | None = None

    @property
    def sentence(self) -> str:
        """Return the contract's own sentence, with the table and the number of rows where there is one."""
        rows = {None: "", 1: "1 row: "}.get(self.broken_rows, f"{self.broken_rows} rows: ")
        return f"raw.{self.contract.table}: {rows}{self.contract.sentence}"


def columns_stand(feed: Feed, table: str, columns: Sequence[str]) -> Contract:
    """Block when one of `columns` is gone from the table; without it no figure downstream can be right."""
    sentence = f"a required column is gone; the table needs {', '.join(columns)}. Rebuild schema raw from the files."
    expectation = "ExpectTableColumnsToMatchSet"
    return _blocking("has_its_columns", feed, table, sentence, expectation, column_set=list(columns), exact_match=False)


def unique(feed: Feed, table: str, columns: Sequence[str], sentence: str) -> Contract:
    """Block when two rows share the values of `columns`: while they are the primary key none can, and none is read."""
    names = ", ".join(columns)
    key = ", ".join(f"'{column}'" for column in sorted(columns))
    return no_row(
        name=f"{table}_is_unique",
        feed=feed,
        table=table,
        severity=Severity.BLOCKING,
        sentence=sentence,
        query=f"""
            select {names} from {table}
            where not exists (
                select from pg_index
                where indrelid = 'raw.{table}'::regclass and indisprimary and indisvalid and array[{key}] = (
                    select array_agg(attname::text order by attname::text collate "C")
                    from pg_attribute
                    where attrelid = indrelid and attnum = any(indkey)
                )
            )
            group by {names}
            having count(*) > 1
        """,
    )


def listed(feed: Feed, table: str, column: str, values: Sequence[str], sentence: str) -> Contract:
    """Block when `column` holds a value that is not in the vocabulary `values`; null is not judged."""
    name, arguments = f"{column}_is_listed", {"column": column, "value_set": sorted(values)}
    return _blocking(name, feed, table, sentence, "ExpectColumnValuesToBeInSet", **arguments)


def not_negative(feed: Feed, table: str, column: str) -> Contract:
    """Block when an amount in cents is below zero; null is not judged."""
    sentence = f"{column} is below zero. Correct the file and load it again."
    name = f"{column}_is_not_negative"
    return _blocking(name, feed, table, sentence, "ExpectColumnValuesToBeBetween", column=column, min_value=0)


def no_row(  # noqa: PLR0913, PLR0917 - the parts of a contract, each named by the caller
    name: str,
    feed: Feed,
    table: str,
    severity: Severity,
    sentence: str,
    query: str,
    key: tuple[str, str] | None = None,
) -> Contract:
    """State a rule that spans columns or tables: `query` selects offending rows, of which there must be none.

    In `query` the bare name of the table is the table under test; any other table is named with its schema.
    """
    return Contract(
        name=name,
        feed=feed,
        table=table,
        severity=severity,
        sentence=sentence,
        expectation="UnexpectedRowsExpectation",
        arguments={"unexpected_rows_query": f"with {table} as not materialized (select * from {BATCH}) {query}"},
        key=key,
    )


def fresh(feed: Feed, table: str, at: str, within_days: int) -> Contract:
    """Warn when the newest `at` (a date or time of the table) is older than `within_days` before the as-of day.

    A feed that has no row yet is not stale: `trueup status` says what was never loaded. Read is what the newest load
    brought, and only if nothing of that is new enough, every row that is.
    """
    return no_row(
        name=f"{table}_is_fresh",
        feed=feed,
        table=table,
        severity=Severity.WARNING,
        sentence=f"nothing newer than {within_days} days before the as-of day; a file may be missing.",
        query=f"""
            select 1 as stale
            where exists (select from {table} where {at} is not null)
              and not exists (
                  select from {table}
                  where load_id = (select max(load_id) from raw.{table})
                    and {at} >= cast('{AS_OF}' as date) - {within_days}
              )
              and (select max({at}) from {table} where {at} >= cast('{AS_OF}' as date) - {within_days}) is null
        """,
    )


def has_no_hole(feed: Feed, table: str, at: str) -> Contract:
    """Warn when, in the past 60 days, more than 7 days without a row lie between two days with rows; `at` is a time.

    A holiday closes a practice for some days; a longer gap in the middle of a daily feed is a file that never came.
    """
    return no_row(
        name=f"{table}_has_no_hole",
        feed=feed,
        table=table,
        severity=Severity.WARNING,
        sentence=f"more than {LONGEST_GAP_DAYS} days in a row are empty and a later one is not; a file may be missing.",
        query=f"""
            select day
            from (
                select day, lead(day) over (order by day) as next_day
                from (
                    select distinct {at}::date as day from {table}
                    where {at} >= cast('{AS_OF}' as date) - {LOOKED_BACK_DAYS} and {at} < cast('{AS_OF}' as date) + 1
                ) as days
            ) as pairs
            where next_day - day > {LONGEST_GAP_DAYS} + 1
        """,
    )


def _blocking(name: str, feed: Feed, table: str, sentence: str, expectation: str, **arguments: object) -> Contract:
    return Contract(f"{table}_{name}", feed, table, Severity.BLOCKING, sentence, expectation, arguments)
