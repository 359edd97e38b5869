"""One set of books through a reconcile, a second one, a broken contract, a killed run and a failing model."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import dagster as dg
import psycopg
import pytest

from ingestion import bank_deposits, fee_schedule, practices, stripe_objects, visit_ledger
from ingestion.era835 import load as era
from ingestion.era835.archive import Archive
from ledger.settings import Settings
from ledger.store.database import Database, connect
from orchestration import dagster_home, ops
from orchestration.reconcile import Blocked, Outcome, ReconcileFailed, reconcile
from sandbox import world

if TYPE_CHECKING:
    from collections.abc import Iterator

AS_OF = date(2026, 11, 1)
LOADERS = {
    "practices.csv": practices,
    "visits.csv": visit_ledger,
    "stripe.jsonl": stripe_objects,
    "fees.csv": fee_schedule,
    "bank.csv": bank_deposits,
}


class Books(NamedTuple):
    """A loaded database with a home of its own, and what the first reconcile said."""

    settings: Settings
    database: Database
    first: Outcome
    steps: list[tuple[str, int, int]]


def silent(_label: str, _done: int, _total: int) -> None:
    """Hear no progress."""


def again(books: Books, as_of: date = AS_OF) -> Outcome:
    """Reconcile once more."""
    return reconcile(books.settings, books.database, as_of=as_of, on_step=silent)


def asked(database: Database, query: str) -> list[tuple[object, ...]]:
    """Answer a query, or do a statement."""
    with contextlib.closing(connect(database, autocommit=True)) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def books(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Load the sample month and reconcile it."""
    folder = tmp_path_factory.mktemp("world")
    world.write(folder)
    with contextlib.closing(connect(module_database)) as connection:
        for name, loader in LOADERS.items():
            loader.load(connection, folder / name)
        for _ in era.load(connection, folder / "era", Archive(folder / "archive", b"k" * 32)):
            connection.commit()
        connection.commit()
    steps: list[tuple[str, int, int]] = []
    settings = Settings(home=tmp_path_factory.mktemp("home"), database_url=module_database.url)
    first = reconcile(settings, module_database, as_of=AS_OF, on_step=lambda *step: steps.append(step))
    return Books(settings, module_database, first, steps)


@pytest.fixture
def instance(books: Books) -> Iterator[dg.DagsterInstance]:
    """Open the Dagster instance of the books."""
    home = dagster_home.prepare(books.settings.home, books.database)
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def test_the_first_run_issues_the_memos_that_make_every_visit_level(books: Books) -> None:
    assert not books.first.nothing_new
    assert asked(books.database, "select count(*) from ledger.memos") == [(books.first.memos,)]
    assert books.first.memos > 0
    uneven = """
        select visit_token from intermediate.int_memos__desired
        left join (
            select visit_token, sum(case kind when 'debit' then amount_cents else -amount_cents end) as memo_cents
            from ledger.memos group by visit_token
        ) as issued using (visit_token)
        where desired_cents <> coalesce(memo_cents, 0)
    """
    assert asked(books.database, uneven) == []


def test_progress_counts_up_to_its_total_and_never_back(books: Books) -> None:
    counted = [(done, total) for _, done, total in books.steps if total > 1]
    assert [done for done, _ in counted] == sorted(done for done, _ in counted)
    assert counted[-1][0] == counted[-1][1]
    assert {"raw visits", "contracts", "visit_revenue", "memos"} <= {label for label, _, _ in books.steps}


def test_a_second_run_says_nothing_new_within_seconds_and_changes_nothing(books: Books) -> None:
    before = asked(books.database, "select oid, relname from pg_class where relnamespace = 'marts'::regnamespace")
    started = time.monotonic()
    second = again(books)
    assert second == Outcome(nothing_new=True, run_id=books.first.run_id, memos=0, warnings=books.first.warnings)
    assert time.monotonic() - started < 5
    after = asked(books.database, "select oid, relname from pg_class where relnamespace = 'marts'::regnamespace")
    assert before == after


def test_what_waits_of_remits_is_what_the_marts_say_and_a_claim_is_its_leak(books: Books) -> None:
    waiting = """
        select kind, count(*), sum(amount_cents)::bigint, bool_and(since is not null)
        from ledger.waiting_remits() group by kind order by kind
    """
    unmatched = "select 'unmatched_remit', count(*), sum(paid_cents)::bigint, true from marts.unmatched_remits"
    assert asked(books.database, waiting) == asked(books.database, unmatched)
    named = (
        "select md5('orphan_remit|' || cause) from ledger.waiting_remits() where kind = 'unmatched_remit' order by 1"
    )
    leaks = asked(books.database, "select leak_id from marts.leaks where category = 'orphan_remit' order by 1")
    assert asked(books.database, named) == leaks != []


MARTS = """
select
    table_name,
    exists (
        select from information_schema.columns as own
        where own.table_schema = 'marts' and own.table_name = known.table_name and column_name = 'practice_id'
    )
from information_schema.tables as known where table_schema = 'marts'
"""


def test_who_reads_by_practice_sees_its_rows_of_every_mart_and_nothing_without_one(books: Books) -> None:
    marts = dict(asked(books.database, MARTS))
    seen = dict.fromkeys((mart for mart, is_of_practices in marts.items() if is_of_practices), 0)
    assert {"visit_revenue", "leaks", "memos", "revenue_feed"} <= set(seen) < set(marts)
    practices = [practice for (practice,) in asked(books.database, "select practice_id from raw.practice")]
    assert len(practices) > 1
    with contextlib.closing(connect(books.database)) as connection, connection.transaction():
        whose = "select practice_id, count(*) from marts.{} group by practice_id"
        truth = {mart: dict(connection.execute(whose.format(mart)).fetchall()) for mart in seen}
        connection.execute("grant usage on schema marts to trueup_books")
        connection.execute("grant select on all tables in schema marts to trueup_books")
        connection.execute("set local role trueup_books")
        assert truth == {mart: dict(connection.execute(whose.format(mart)).fetchall()) for mart in seen}
        connection.execute("set local role trueup_practice_reader")
        for mart in marts.keys() - seen.keys():
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"select from marts.{mart}")
        for practice in ["", "nobody's", *practices]:
            connection.execute("select set_config('app.practice_id', %s, true)", [practice])
            for mart in seen:
                found = dict(connection.execute(whose.format(mart)).fetchall())
                assert found == {key: count for key, count in truth[mart].items() if key == practice}, (mart, practice)
                seen[mart] += sum(found.values())
    assert all(seen[mart] for mart in ("visit_revenue", "leaks", "memos", "revenue_feed"))


def test_the_partitions_a_load_touched_are_materialised_with_their_totals(
    books: Books, instance: dg.DagsterInstance
) -> None:
    days = asked(books.database, "select distinct to_char(state_changed_at, 'YYYY-MM-DD') from raw.visit")
    files = asked(books.database, "select distinct file_sha256 from raw.era_transaction")
    assert instance.get_materialized_partitions(dg.AssetKey(["raw", "visits"])) == {day for (day,) in days}
    assert instance.get_materialized_partitions(dg.AssetKey(["raw", "remittances"])) == {file for (file,) in files}
    whole = instance.get_latest_materialization_event(dg.AssetKey(["raw", "visits"]))
    assert whole is not None
    assert whole.asset_materialization is not None
    rows = asked(books.database, "select count(*), sum(charge_cents)::bigint from raw.visit")[0]
    metadata = whole.asset_materialization.metadata
    assert (metadata["dagster/row_count"].value, metadata["charge_cents"].value) == rows


def test_marts_show_their_row_counts(books: Books, instance: dg.DagsterInstance) -> None:
    event = instance.get_latest_materialization_event(dg.AssetKey(["marts", "visit_revenue"]))
    assert event is not None
    assert event.asset_materialization is not None
    shown = event.asset_materialization.metadata["dagster/row_count"].value
    assert asked(books.database, "select count(*) from marts.visit_revenue") == [(shown,)]


def test_a_broken_contract_blocks_before_the_first_model_and_leaves_the_marts_as_they_were(
    books: Books, instance: dg.DagsterInstance
) -> None:
    marts = (
        "select oid, relname from pg_class"
        " where relnamespace in ('marts'::regnamespace, 'intermediate'::regnamespace) order by oid"
    )
    before = asked(books.database, marts)
    victim = "visit_token = (select min(visit_token::text)::uuid from raw.visit)"
    kept = asked(books.database, f"select state_changed_at, state from raw.visit where {victim}")
    # As if it had come just now: what the run before judged is not judged again.
    asked(books.database, f"update raw.visit set state = 'asleep', load_id = load_id + 1000 where {victim}")
    with pytest.raises(Blocked, match=r"^Nothing was published: raw\.visit: \d+ rows?: a visit state outside") as block:
        again(books, date(2026, 11, 2))
    for at, state in kept:
        mend = f"update raw.visit set state = '{state}', load_id = load_id - 1000"
        asked(books.database, f"{mend} where {victim} and state_changed_at = '{at}'")
    assert not isinstance(block.value, ReconcileFailed)
    assert "asleep" not in str(block.value)
    assert asked(books.database, marts) == before
    run_id, status = asked(books.database, "select run_id, status from ops.run order by started_at desc limit 1")[0]
    assert status == "blocked"
    steps = {step.step_key for step in instance.get_run_step_stats(str(run_id))}
    assert "contracts" in steps
    assert not steps & {"before_memos", "after_memos", "ledger__memos"}


def test_a_failing_model_is_named_and_the_next_run_after_mending_succeeds(books: Books) -> None:
    asked(books.database, "alter table raw.claim_ref rename column load_id to came_with")
    with pytest.raises(
        ReconcileFailed, match=r"^The model int_touched__claims cannot be built; .*dbt\.log\. Nothing was published"
    ):
        again(books, date(2026, 11, 3))
    asked(books.database, "alter table raw.claim_ref rename column came_with to load_id")
    mended = again(books, date(2026, 11, 3))
    assert (mended.nothing_new, mended.memos) == (False, 0)


def test_a_run_that_was_killed_is_closed_by_the_next_one_which_gives_the_same_books(
    books: Books, instance: dg.DagsterInstance
) -> None:
    before = asked(books.database, "select memo_id from ledger.memos order by memo_id")
    entered = asked(books.database, "select entry_id from ledger.journal order by entry_id")
    code = f"""
import os, signal
from datetime import date
from pathlib import Path
from ledger.settings import Settings
from ledger.store.database import Database
from orchestration.reconcile import reconcile

def killed(label, done, total):
    if label == "memos":
        os.kill(os.getpid(), signal.SIGKILL)

settings = Settings(home=Path({str(books.settings.home)!r}), database_url={books.database.url!r})
reconcile(settings, Database({books.database.url!r}), as_of=date(2026, 11, 4), on_step=killed)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    (lost,) = asked(books.database, "select run_id from ops.run where status = 'running'")[0]
    # The day of the last good run: its fingerprint is known, but the killed run may have replaced its marts.
    outcome = again(books, date(2026, 11, 3))
    assert (outcome.nothing_new, outcome.memos) == (False, 0)
    assert asked(books.database, "select memo_id from ledger.memos order by memo_id") == before
    assert asked(books.database, "select entry_id from ledger.journal order by entry_id") == entered
    assert asked(books.database, f"select status from ops.run where run_id = '{lost}'") == [("interrupted",)]
    run = instance.get_run_by_id(str(lost))
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE


def test_a_second_run_waits_for_the_first(books: Books) -> None:
    told: list[str] = []
    with contextlib.closing(connect(books.database, autocommit=True)) as holder:
        holder.execute("select pg_advisory_lock(hashtextextended('trueup.reconcile', 0))")

        def waiting() -> None:
            told.append("waits")
            holder.execute("select pg_advisory_unlock_all()")

        with contextlib.closing(connect(books.database, autocommit=True)) as guard, ops.alone(guard, waiting):
            assert told == ["waits"]


def test_importing_reconcile_loads_no_framework() -> None:
    code = """
import sys
import orchestration.reconcile
heavy = {"dagster", "dbt", "great_expectations", "pandas", "pyarrow", "fastapi"}
print(*sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env=os.environ)
    assert (done.stdout, done.stderr) == ("\n", "")
