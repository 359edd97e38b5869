"""Ranges of partitions made anew: once, after a kill, by two at once, and not at all where a contract is broken."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import warnings
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg
import pytest

from ingestion import stripe_objects, visit_ledger
from ingestion.era835 import load as era
from ingestion.era835.archive import Archive
from ledger.settings import Settings
from ledger.store.database import Database, connect
from orchestration import dagster_home, ops
from orchestration.days import Days, NoSuchRange
from orchestration.dbt_project import Dbt
from tests.support.command_line import VISIT_COLUMNS, visits
from tests.support.remittance_writer import Payment, interchange

if TYPE_CHECKING:
    from pathlib import Path

SUMMER = Days(date(2026, 7, 1), date(2026, 8, 31))
ZONE = "America/New_York"


class Range(NamedTuple):
    """What a run over a range said: a count by feed and fate, and the sentence of what broke."""

    fates: Counter[tuple[str, str]]
    sentence: str | None


class Workshop(NamedTuple):
    """Loaded books that no reconcile has seen."""

    settings: Settings
    database: Database

    def run(self, days: Days, *feeds: str, anew: bool = False) -> Range:
        """Make one range anew, as a backfill does."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from orchestration import ranges  # noqa: PLC0415 - its import warns of other libraries' parts
            from orchestration.defs import resources  # noqa: PLC0415 - the same
        fates: Counter[tuple[str, str]] = Counter()

        def told(feed: str, fate: str) -> None:
            fates[feed, fate] += 1

        dbt = Dbt(self.settings.home, {})
        books = resources.Books(self.database, dbt, ZONE, date(2026, 9, 1), 0, lambda _: None)
        asked = resources.Range(days, anew, told)
        return Range(fates, ranges.run(self.settings, books, feeds or ("visits", "stripe", "era"), asked))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Answer a query, or do a statement."""
        with contextlib.closing(connect(self.database, autocommit=True)) as connection:
            cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def workshop(database: Database, tmp_path: Path) -> Workshop:
    """Load three visits and two charges for each of 62 days, and one remittance a month."""
    settings = Settings(home=tmp_path / "home", database_url=database.url, timezone=ZONE)
    days = [SUMMER.first + timedelta(days=number) for number in range(62)]
    # 03:30 UTC is the evening before in New York.
    moments = [datetime(day.year, day.month, day.day, 3, 30, tzinfo=UTC) + timedelta(days=1) for day in days]
    rows = [visits(3 * n + 1, 3, state_changed_at=moment.isoformat()) for n, moment in enumerate(moments)]
    ledger = tmp_path / "visits.csv"
    ledger.write_text("\n".join([VISIT_COLUMNS, *(row.split("\n", 1)[1].strip() for row in rows)]) + "\n")
    events = tmp_path / "stripe.jsonl"
    events.write_text("".join(_charge(n, int(moment.timestamp())) for n, moment in enumerate(moments * 2)))
    inbox = tmp_path / "era"
    inbox.mkdir()
    for month in (7, 8):
        payment = Payment(trace=f"TRACE{month}", paid_on=date(2026, month, 15))
        (inbox / f"{month}.835").write_bytes(interchange((payment,)))
    with contextlib.closing(connect(database, autocommit=True)) as connection:
        ops.prepare(connection)
        with connection.transaction():
            visit_ledger.load(connection, ledger)
            stripe_objects.load(connection, events)
            for _ in era.load(connection, inbox, Archive(tmp_path / "archive", bytes(32))):
                pass
    return Workshop(settings, database)


def _charge(number: int, created: int) -> str:
    return (
        f'{{"id": "evt_{number}", "object": "event", "created": {created}, "data": {{"object": {{"id": "ch_{number}",'
        f' "object": "charge", "created": {created}, "amount": 100, "currency": "usd", "status": "succeeded"}}}}}}\n'
    )


ALL = {("visits", "made"): 62, ("stripe", "made"): 62, ("era", "made"): 2}
NONE = {("visits", "unchanged"): 62, ("stripe", "unchanged"): 62, ("era", "unchanged"): 2}
VERDICTS = "select * from raw.visit_verdict order by visit_token"


def test_a_range_is_one_run_and_the_same_again_finds_nothing_to_do(workshop: Workshop) -> None:
    assert workshop.run(SUMMER) == (ALL, None)
    assert workshop.run(SUMMER) == (NONE, None)
    with dg.DagsterInstance.from_config(
        str(dagster_home.prepare(workshop.settings.home, workshop.database))
    ) as dagster:
        assert len(dagster.get_runs()) == 2
        made = dagster.get_materialized_partitions(dg.AssetKey(["raw", "visits"]))
        assert made == {str(SUMMER.first + timedelta(days=number)) for number in range(62)}
        event = dagster.get_latest_materialization_event(dg.AssetKey(["raw", "stripe_objects"]))
    assert event is not None
    assert event.asset_materialization is not None
    shown = event.asset_materialization
    assert shown.metadata["charged_cents"].value == 200
    recorded = f"select fingerprint from ops.partition where feed = 'stripe_objects' and key = '{shown.partition}'"
    assert workshop.ask(recorded) == [((shown.tags or {})["dagster/data_version"],)]


def test_what_a_range_touches_is_named_for_the_next_reconcile_and_no_more(workshop: Workshop) -> None:
    assert workshop.run(Days(date(2026, 7, 15), date(2026, 7, 16))).fates == {
        ("visits", "made"): 2,
        ("stripe", "made"): 2,
        ("era", "made"): 1,
    }
    assert workshop.ask("select kind, count(*) from ops.touched group by kind order by kind") == [
        ("object", 4),
        ("remittance", 1),
        ("visit", 6),
    ]
    days = "select distinct (state_changed_at at time zone 'America/New_York')::date::text from raw.visit"
    named = f"{days} where visit_token::text in (select key from ops.touched) order by 1"
    assert workshop.ask(named) == [("2026-07-15",), ("2026-07-16",)]
    with contextlib.closing(connect(workshop.database)) as connection:
        assert ops.touched(connection)


def test_only_what_changed_is_made_again(workshop: Workshop, tmp_path: Path) -> None:
    workshop.run(SUMMER)
    late = tmp_path / "late.csv"
    late.write_text(visits(5000, 1, state_changed_at="2026-07-20T12:00:00+00:00"))
    with connect(workshop.database) as connection:
        visit_ledger.load(connection, late)
    assert workshop.run(SUMMER, "visits").fates == {("visits", "made"): 1, ("visits", "unchanged"): 61}
    workshop.ask(
        "insert into raw.practice select 'P1', 0, 0, 'none', 'another', file_sha256, 1, load_id from raw.file limit 1"
    )
    assert workshop.run(SUMMER, "visits").fates == {("visits", "made"): 62}


def test_verdicts_are_worked_out_anew_and_what_differs_is_put_right(workshop: Workshop) -> None:
    before = workshop.ask(VERDICTS)
    assert len(before) == 186
    workshop.ask("delete from raw.visit_verdict where visit_token in (select visit_token from raw.visit limit 3)")
    workshop.ask("update raw.visit_verdict set target_cents = target_cents + 1")
    workshop.run(SUMMER, "visits", anew=True)
    assert workshop.ask(VERDICTS) == before


@pytest.mark.timeout(400)
def test_a_killed_range_goes_on_where_it_was(workshop: Workshop) -> None:
    killed = _started(workshop, SUMMER, dies_after=40)
    killed.communicate(timeout=180)
    assert killed.returncode == -9
    (done,) = workshop.ask("select count(*) from ops.partition")[0]
    assert 0 < done <= 40
    fates = workshop.run(SUMMER).fates
    assert sum(number for (_, fate), number in fates.items() if fate == "made") == 126 - done
    assert fates.total() == 126
    with dg.DagsterInstance.from_config(
        str(dagster_home.prepare(workshop.settings.home, workshop.database))
    ) as dagster:
        for feed, days in (("visits", 62), ("stripe_objects", 62), ("remittances", 2)):
            assert len(dagster.get_materialized_partitions(dg.AssetKey(["raw", feed]))) == days
        after, before = dagster.get_runs()
    assert (before.status, after.status) == (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS)


@pytest.mark.timeout(400)
def test_two_overlapping_ranges_at_once_make_every_day_once(workshop: Workshop) -> None:
    before = workshop.ask(VERDICTS)
    ranges = Days(SUMMER.first, date(2026, 8, 10)), Days(date(2026, 7, 10), SUMMER.last)
    processes = [_started(workshop, days) for days in ranges]
    said = [process.communicate(timeout=180)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum(int(words) for words in said) == 126
    assert workshop.ask(VERDICTS) == before
    assert workshop.run(SUMMER) == (NONE, None)


def test_a_day_that_breaks_a_contract_is_named_and_keeps_no_other_out(workshop: Workshop) -> None:
    victim = "(state_changed_at at time zone 'America/New_York')::date = '2026-07-04'"
    workshop.ask(f"update raw.visit set state = 'asleep' where {victim}")
    fates, sentence = workshop.run(SUMMER, "visits", "era")
    assert fates == {("visits", "made"): 61, ("visits", "broken"): 1, ("era", "made"): 2}
    assert sentence is not None
    assert sentence.startswith("Nothing was published. 2026-07-04: raw.visit: 3 rows: a visit state outside")
    assert "asleep" not in sentence
    assert workshop.ask("select count(*) from ops.partition where key = '2026-07-04'") == [(0,)]
    workshop.ask(f"update raw.visit set state = 'completed' where {victim}")
    assert workshop.run(SUMMER, "visits").fates == {("visits", "made"): 1, ("visits", "unchanged"): 61}


@pytest.mark.parametrize(
    ("first", "last", "wrong"),
    [
        (date(2026, 2, 1), date(2026, 1, 1), "turn them round"),
        (date(2026, 2, 1), date(2026, 3, 2), "lies in the future: today is 2026-03-01"),
        (date(2014, 12, 31), date(2015, 1, 2), "before 2015-01-01"),
    ],
)
def test_a_range_that_cannot_be_is_refused(first: date, last: date, wrong: str) -> None:
    with pytest.raises(NoSuchRange, match=wrong):
        Days(first, last).checked(date(2026, 3, 1))


def test_a_range_is_cut_at_the_ends_of_months() -> None:
    cut = [str(days) for days in Days(date(2023, 12, 31), date(2024, 3, 1)).months()]
    assert cut == [
        "2023-12-31 to 2023-12-31",
        "2024-01-01 to 2024-01-31",
        "2024-02-01 to 2024-02-29",
        "2024-03-01 to 2024-03-01",
    ]


def _started(workshop: Workshop, days: Days, dies_after: int = 10**6) -> subprocess.Popen[str]:
    """Start a range in a process of its own, which says how many partitions it made, or dies by SIGKILL after some."""
    code = f"""
import os, signal, warnings
from datetime import date
from pathlib import Path
warnings.simplefilter("ignore")
from ledger.settings import Settings
from ledger.store.database import Database
from orchestration import ranges
from orchestration.days import Days
from orchestration.dbt_project import Dbt
from orchestration.defs.resources import Books, Range

made = 0
def told(feed, fate):
    global made
    made += fate == "made"
    if made >= {dies_after}:
        os.kill(os.getpid(), signal.SIGKILL)

settings = Settings(home=Path({str(workshop.settings.home)!r}), database_url={workshop.database.url!r})
database = Database({workshop.database.url!r})
books = Books(database, Dbt(settings.home, {{}}), {ZONE!r}, date(2026, 9, 1), 0, lambda _: None)
days = Days(date.fromisoformat({str(days.first)!r}), date.fromisoformat({str(days.last)!r}))
assert ranges.run(settings, books, ("visits", "stripe", "era"), Range(days, False, told)) is None
print(made)
"""
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
