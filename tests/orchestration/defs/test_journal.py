"""The statement that appends to the journal, over facts given as a table: versions, opposites, closed months."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from psycopg import errors
from psycopg.rows import dict_row

from ledger.store.database import connect
from orchestration import ops
from orchestration.defs import journal

if TYPE_CHECKING:
    from ledger.settings import Settings
    from ledger.store.database import Database

VISIT = UUID("00000000-0000-4000-8000-000000000001")
DUE = """
create table intermediate.int_journal__due (
    source_kind text, source_id text, visit_token uuid, practice_id text, payer_id text,
    origin_period text, effective_on date, accounts ledger.account [], amounts bigint [], period text
);
create view intermediate.int_journal__entries as select * from ledger.journal
"""


@dataclass(frozen=True)
class Fact:
    """What the journal must show of one source."""

    source_id: str = "in_1"
    source_kind: str = "demand"
    visit_token: UUID | None = VISIT
    practice_id: str | None = "north"
    payer_id: str | None = None
    origin_period: str = "2026-09"
    effective_on: date = date(2026, 9, 30)
    accounts: tuple[str, ...] = ("patient_receivable", "unbilled_receivable")
    amounts: tuple[int, ...] = (1000, -1000)
    period: str | None = None


@dataclass(frozen=True)
class Books:
    """A database in which facts are due."""

    database: Database
    settings: Settings

    def append(self, *facts: Fact, as_of: date = date(2026, 11, 1), posting: str = "2026-11") -> int:
        """Append with exactly these facts due, as of a day, with a posting month."""
        with connect(self.database) as connection:
            ops.prepare(connection)
            setting = replace(ops.run_setting(self.settings, as_of, ()), posting_period=posting)
            ops.begin(connection, UUID(int=1), setting, "", 0)
            connection.execute("delete from ops.run")
            connection.execute("delete from intermediate.int_journal__due")
            for fact in facts:
                given = {**vars(fact), "accounts": list(fact.accounts), "amounts": list(fact.amounts)}
                connection.execute(
                    f"insert into intermediate.int_journal__due ({', '.join(given)})"
                    f" values ({', '.join(f'%({name})s' for name in given)})".replace(
                        "%(accounts)s", "%(accounts)s::ledger.account[]"
                    ),
                    given,
                )
        return journal.append(self.database)

    def entries(self) -> list[dict[str, Any]]:
        """Return the journal by source and version."""
        with contextlib.closing(connect(self.database)) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return cursor.execute(
                "select *, accounts::text[] as accounts from ledger.journal order by source_kind, source_id, version"
            ).fetchall()

    def told(self, *columns: str) -> list[tuple[Any, ...]]:
        """Return these columns of the journal."""
        return [tuple(entry[column] for column in columns) for entry in self.entries()]

    def close(self, period: str) -> None:
        """Close a month."""
        with connect(self.database) as connection:
            connection.execute(
                "insert into ledger.period_event (period, ordinal, event, made_by) values (%s, 1, 'close', 'a test')",
                (period,),
            )


@pytest.fixture
def books(database: Database, settings: Settings) -> Books:
    """Return books with an empty table of facts."""
    with connect(database) as connection:
        connection.execute(DUE)
    return Books(database, settings)


def test_a_fact_is_one_entry_and_a_second_run_adds_nothing(books: Books) -> None:
    facts = (Fact(), Fact("in_2", amounts=(5, -5)))
    assert books.append(*facts) == 2
    before = books.entries()
    assert books.append(*facts) == 0
    assert books.append(*facts, as_of=date(2026, 12, 1), posting="2026-12") == 0
    assert books.entries() == before
    assert books.told("source_id", "version", "reverses", "period", "is_late") == [
        ("in_1", 1, None, "2026-09", False),
        ("in_2", 1, None, "2026-09", False),
    ]


@pytest.mark.parametrize(
    "edit",
    [
        {"amounts": (900, -900)},
        {"accounts": ("patient_receivable", "payer_receivable")},
        {"effective_on": date(2026, 10, 1)},
        {"origin_period": "2026-10"},
        {"payer_id": "P1"},
        {"practice_id": "south"},
        {"visit_token": None},
    ],
)
def test_an_edit_takes_the_lines_back_as_they_stood_and_enters_them_anew(books: Books, edit: dict[str, Any]) -> None:
    books.append(Fact())
    assert books.append(replace(Fact(), **edit)) == 2
    first, back, anew = books.entries()
    kept = ("visit_token", "practice_id", "payer_id", "origin_period", "effective_on", "accounts", "period")
    assert [back[column] for column in kept] == [first[column] for column in kept]
    assert back["amounts"] == [-cents for cents in first["amounts"]]
    assert (back["version"], back["reverses"]) == (2, 1)
    assert (anew["version"], anew["reverses"]) == (3, None)
    new = {**vars(Fact()), **edit}
    assert {name: anew[name] for name in edit} == {
        name: list(new[name]) if isinstance(new[name], tuple) else new[name] for name in edit
    }


def test_a_fact_that_is_gone_is_only_taken_back_and_may_come_again(books: Books) -> None:
    books.append(Fact())
    assert [books.append(), books.append(), books.append(Fact()), books.append(Fact())] == [1, 0, 1, 0]
    assert books.told("version", "reverses") == [(1, None), (2, 1), (3, None)]
    assert sum(amounts[0] for (amounts,) in books.told("amounts")) == 1000


def test_what_happened_in_a_closed_month_posts_to_the_open_one_and_is_late(books: Books) -> None:
    books.append(Fact())
    books.close("2026-09")
    late = Fact("in_2")
    paid_now = Fact("re_1", effective_on=date(2026, 10, 5))
    own = Fact("in_3", origin_period="2026-10", effective_on=date(2026, 9, 30))
    books.append(Fact(), late, paid_now, own)
    assert books.told("source_id", "origin_period", "period", "is_late") == [
        ("in_1", "2026-09", "2026-09", False),
        ("in_2", "2026-09", "2026-11", True),
        ("in_3", "2026-10", "2026-11", False),
        ("re_1", "2026-09", "2026-10", True),
    ]


def test_what_is_taken_back_after_its_month_closed_posts_to_the_open_one(books: Books) -> None:
    books.append(Fact())
    books.close("2026-09")
    books.append(Fact(amounts=(900, -900)))
    assert books.told("version", "effective_on", "period", "is_late") == [
        (1, date(2026, 9, 30), "2026-09", False),
        (2, date(2026, 9, 30), "2026-11", True),
        (3, date(2026, 9, 30), "2026-11", True),
    ]
    books.append(Fact(), as_of=date(2026, 12, 2), posting="2026-12")
    assert [row[0] for row in books.told("period")][3:] == ["2026-11", "2026-12"], "taken back where it stood"


def test_a_memo_keeps_its_month_unless_that_is_closed_when_it_is_entered_anew(books: Books) -> None:
    memo = Fact("m1", "memo", effective_on=date(2026, 11, 20), period="2026-10")
    books.append(memo)
    assert books.told("period") == [("2026-10",)]
    books.close("2026-10")
    books.append(replace(memo, payer_id="P1"))
    assert books.told("period") == [("2026-10",), ("2026-11",), ("2026-11",)]


def test_one_entry_that_is_not_level_keeps_all_of_its_run_out(books: Books) -> None:
    bad = Fact("in_9", amounts=(1, -2))
    with pytest.raises(errors.CheckViolation, match="entry_sums_to_zero"):
        books.append(Fact(), bad)
    assert books.entries() == []
    assert books.append(Fact()) == 1


def test_two_runs_at_once_append_each_fact_once(books: Books) -> None:
    books.append()
    with connect(books.database) as connection:
        connection.execute(
            "insert into intermediate.int_journal__due select 'demand', 'in_' || n, null, null, null, '2026-09',"
            " '2026-09-30', '{patient_receivable,unbilled_receivable}', array[n, -n], null"
            " from generate_series(1, 5000) as n"
        )
    with ThreadPoolExecutor(3) as pool:
        appended = list(pool.map(lambda _: journal.append(books.database), range(3)))
    assert sorted(appended) == [0, 0, 5000]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_becomes_of_the_facts_the_standing_entries_are_the_facts(books: Books, seed: int) -> None:
    rng = Random(seed)  # noqa: S311 - the seed must decide
    due: dict[str, Fact] = {}
    for turn in range(8):
        for name in rng.sample("abcdefgh", 4):
            cents = rng.randrange(-3, 4)
            due[name] = Fact(name, effective_on=date(2026, rng.choice((8, 9, 10)), 1), amounts=(cents, -cents))
            if rng.random() < 0.3:
                del due[name]
        if turn == 4:
            books.close("2026-09")
        books.append(*due.values())
        assert books.append(*due.values()) == 0
    entries = books.entries()
    taken_back = {(entry["source_id"], entry["reverses"]) for entry in entries}
    standing = {
        entry["source_id"]: entry
        for entry in entries
        if entry["reverses"] is None and (entry["source_id"], entry["version"]) not in taken_back
    }
    assert {name: (entry["effective_on"], tuple(entry["amounts"])) for name, entry in standing.items()} == {
        name: (fact.effective_on, fact.amounts) for name, fact in due.items()
    }
    for name in "abcdefgh":
        of_fact = [entry for entry in entries if entry["source_id"] == name]
        assert [entry["version"] for entry in of_fact] == list(range(1, len(of_fact) + 1))
        assert sum(entry["amounts"][0] for entry in of_fact) == (due[name].amounts[0] if name in due else 0)
