"""What a contract is: a demand on one raw table, its severity and the sentence said when it is broken."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
    """

    name: str
    feed: Feed
    table: str
    severity: Severity
    sentence: str
    expectation: str
    arguments: Mapping[str, object]


Rows = Callable[[Contract], str | None]
"""Which rows of its table a contract is judged on, as a condition in SQL; None is all of them."""

_LOADED = "load_id > {load}"
# What stands below a transaction came with its file; a settlement may post what was held.
_OF_FILES = """
    file_sha256 in (
        select file_sha256 from raw.era_transaction where load_id > {load}
        union all
        select file_sha256 from raw.era_settlement where settlement_id > {load}
        union all
        select replaced_by_file_sha256 from raw.era_settlement where settlement_id > {load}
    )
"""


def every_row(_contract: "Contract") -> None:
    """Judge all rows there are."""


def came_since(load: int) -> Rows:
    """Judge by blocking contracts the rows that came after a load; a warning stands until nothing breaks it any more.

    A row of raw is never changed, and the rules of blocking contracts are of a row or of a remittance file. Keys that
    a row could share with an older one are primary keys.
    """

    def rows(contract: Contract) -> str | None:
        if contract.severity is Severity.WARNING:
            return None
        return (_OF_FILES if contract.feed == "remittances" else _LOADED).format(load=load)

    return rows


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
    """Block when two rows share the values of `columns`."""
    return _blocking("is_unique", feed, table, sentence, "ExpectCompoundColumnsToBeUnique", column_list=list(columns))


def listed(  # noqa: PLR0913, PLR0917 - the parts of a contract, each named by the caller
    feed: Feed,
    table: str,
    column: str,
    values: Sequence[str],
    sentence: str,
    severity: Severity = Severity.BLOCKING,
) -> Contract:
    """Break when `column` holds a value that is not in the vocabulary `values`; null is not judged."""
    return Contract(
        name=f"{table}_{column}_is_listed",
        feed=feed,
        table=table,
        severity=severity,
        sentence=sentence,
        expectation="ExpectColumnValuesToBeInSet",
        arguments={"column": column, "value_set": sorted(values)},
    )


def not_negative(feed: Feed, table: str, column: str) -> Contract:
    """Block when an amount in cents is below zero; null is not judged."""
    sentence = f"{column} is below zero. Correct the file and load it again."
    name = f"{column}_is_not_negative"
    return _blocking(name, feed, table, sentence, "ExpectColumnValuesToBeBetween", column=column, min_value=0)


def no_row(  # noqa: PLR0913, PLR0917 - the six parts of a contract, each named by the caller
    name: str, feed: Feed, table: str, severity: Severity, sentence: str, query: str
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
    )


def fresh(feed: Feed, table: str, day: str, within_days: int) -> Contract:
    """Warn when the newest `day` (an SQL date of the table) is older than `within_days` before the as-of day.

    A feed that has no row yet is not stale: `trueup status` says what was never loaded.
    """
    return no_row(
        name=f"{table}_is_fresh",
        feed=feed,
        table=table,
        severity=Severity.WARNING,
        sentence=f"nothing newer than {within_days} days before the as-of day; a file may be missing.",
        query=f"select max({day}) as newest from {table} having max({day}) < cast('{AS_OF}' as date) - {within_days}",
    )


def has_no_hole(feed: Feed, table: str, day: str) -> Contract:
    """Warn when, in the past 60 days, more than 7 days without a row lie between two days (an SQL date) with rows.

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
                    select distinct {day} as day from {table}
                    where {day} between cast('{AS_OF}' as date) - {LOOKED_BACK_DAYS} and cast('{AS_OF}' as date)
                ) as days
            ) as pairs
            where next_day - day > {LONGEST_GAP_DAYS} + 1
        """,
    )


def _blocking(name: str, feed: Feed, table: str, sentence: str, expectation: str, **arguments: object) -> Contract:
    return Contract(f"{table}_{name}", feed, table, Severity.BLOCKING, sentence, expectation, arguments)
