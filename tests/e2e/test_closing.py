"""A closed month against all that comes later: late remits, refunds, edits, fees, settlements, direct SQL, kills."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from psycopg import errors

from ingestion.era835 import settlement
from ledger.store.database import connect
from orchestration import as_known, published
from orchestration import closing as months
from orchestration.reconcile import Blocked
from tests.support.closed_world import (
    ADA,
    ATTACKS,
    CLOSED,
    EXPLAINED,
    MISCOUNTED,
    TODAY,
    Parts,
    Story,
    changed,
    exported,
    figures,
    miscount,
    open_points,
    written,
)
from tests.support.oracle.books import keep
from tests.support.product_run import Product
from tests.support.random_world import joined

if TYPE_CHECKING:
    from ledger.store.database import Database

pytestmark = pytest.mark.timeout(900)
FIGURE = ("payer_paid", "patient_billed", "visit_memos")
PRINTED = {"csv", "json", "parquet", "xlsx"}


@pytest.fixture(scope="module")
def closed(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Close two months of a third of the world, after every way to be blocked."""
    story = Story(Parts.of(Product.at, module_database, tmp_path_factory.mktemp("closing"), seed=23, visits=150))
    parts = story.parts
    parts.load(0)
    story.blocked["never reconciled"] = parts.close(CLOSED[0])
    parts.reconcile()
    story.blocked["not over"] = parts.close("2026-11")
    story.blocked["mistyped"] = parts.close("2016-09", ADA)
    story.blocked["unexplained"] = parts.close(CLOSED[0], ADA)
    miscount(module_database, "+ 1")
    story.blocked["miscounted"] = parts.close(CLOSED[0], ADA)
    miscount(module_database, "- 1")
    point = next(point for checked in story.blocked["unexplained"].checked for point in checked.open)
    product = parts.product
    named = {"period": CLOSED[0], "today": TODAY, "by": EXPLAINED, "waiting": lambda: None}
    story.noted = months.note(product.settings, product.database, (point.check, point.key), **named)
    story.open_months = {period: exported(module_database, period) for period in CLOSED}
    _killed_while_closing(parts)
    story.blocked["killed"] = parts.close(CLOSED[0], ADA)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(parts.close, [CLOSED[0]] * 2))
    story.closings = {f"{CLOSED[0]} {'first' if done.is_new else 'second'}": done for done in both}
    story.closings[CLOSED[1]] = parts.close(CLOSED[1])
    story.first = {period: exported(module_database, period) for period in CLOSED}
    return story


def _killed_while_closing(parts: Parts) -> None:
    """Kill a closing with half of its figures written."""
    product = parts.product
    code = f"""
import os, signal
from datetime import date
from pathlib import Path
from ledger.settings import Settings
from ledger.store import closed_figures
from ledger.store.database import Database
from orchestration import closing

kept, whole = [], closed_figures.freeze

def freeze(*arguments):
    whole(*arguments)
    kept.append(arguments)
    if len(kept) == 6:
        os.kill(os.getpid(), signal.SIGKILL)

closed_figures.freeze = freeze
settings = Settings(home=Path({str(product.settings.home)!r}), timezone={product.settings.timezone!r})
by = closing.Person("Ada", "why not")
database, today = Database({product.database.url!r}), date(2026, 11, 21)
closing.close(settings, database, {CLOSED[0]!r}, today=today, by=by, waiting=print)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9


@pytest.fixture(scope="module")
def moved(closed: Story) -> Story:
    """Load all the rest, late for the closed months, and reconcile."""
    closed.parts.load(1)
    closed.parts.load(2)
    closed.parts.reconcile()
    closed.now = {period: exported(closed.parts.product.database, period) for period in CLOSED}
    closed.bridge = closed.asked("select * from marts.close_bridge order by period, cause")
    return closed


def test_a_closing_is_blocked_by_what_nobody_can_explain_away(closed: Story) -> None:
    assert open_points(closed.blocked["never reconciled"]) == {"run": 1}
    assert open_points(closed.blocked["not over"]) == {"over": 1, "run": 1}
    sums = next(checked for checked in closed.blocked["miscounted"].checked if checked.check.name == "sums")
    assert {point.key.split("/")[1] for point in sums.open} == MISCOUNTED
    assert [done.closed for done in closed.blocked.values()] == [None] * 6


def test_a_month_with_nothing_in_it_closes_only_when_a_person_says_why(closed: Story) -> None:
    assert open_points(closed.blocked["mistyped"])["empty"] == 1
    assert "empty" not in open_points(closed.blocked["unexplained"])


def test_a_closing_is_blocked_by_what_nobody_has_explained(closed: Story) -> None:
    found = open_points(closed.blocked["unexplained"])
    assert {"contracts", "feeds", "held_remits", "eft_tieout", "payout_tieout"} & found.keys()
    assert not {"over", "run"} & found.keys()
    told = {checked.check.name: checked.state for checked in closed.blocked["unexplained"].checked}
    assert told["earlier_months"] == "told"


def test_a_closing_that_was_killed_left_no_trace(closed: Story) -> None:
    before, after = (Counter(open_points(closed.blocked[case])) for case in ("unexplained", "killed"))
    assert closed.noted is not None
    # The one point that is gone is the one that a note explains.
    assert before - after == Counter({closed.noted.check: 1})
    assert not after - before


def test_of_two_closings_at_once_one_closes_and_the_other_says_so(closed: Story) -> None:
    first, second = (closed.closings[f"{CLOSED[0]} {which}"] for which in ("first", "second"))
    assert first.closed == second.closed
    assert first.closed is not None
    assert (first.closed.version, first.closed.closed_by) == (1, "Ada")
    assert first.tables == second.tables
    assert second.checked == ()


def test_the_closing_kept_the_open_month_byte_for_byte(closed: Story) -> None:
    for period in CLOSED:
        ground = {key for key in closed.first[period] if key[0].startswith("close_")}
        assert {name for name, _ in ground} == {"close_inputs", "close_run", "close_checklist"}
        kept = {key: data for key, data in closed.first[period].items() if key not in ground}
        # The one difference: the posting status and the sightings do not move between two looks.
        assert changed(closed.open_months[period], kept) == []


def test_every_explained_point_stands_in_the_checklist_with_its_reason(closed: Story) -> None:
    rows = closed.asked(
        "select figure ->> 'why' as why from ledger.closed_figure where table_name = 'close_checklist'"
        " and figure ->> 'state' = 'explained'"
    )
    assert rows
    assert {row["why"] for row in rows} == {EXPLAINED.why}


def test_what_came_later_moved_nothing_of_a_closed_month(moved: Story) -> None:
    for period in CLOSED:
        assert changed(moved.first[period], moved.now[period]) == []
        assert {form for _, form in moved.first[period]} == PRINTED
    live = moved.asked(
        "select sum(payer_paid_cents) as cents from marts.visit_revenue where service_period = '2026-09'"
    )
    kept = moved.asked(
        "select figure ->> 'amount_cents' as cents from ledger.standing_figure"
        " where table_name = 'month_summary' and period = '2026-09' and figure ->> 'measure' = 'payer_paid'"
    )
    assert int(live[0]["cents"]) != int(kept[0]["cents"])


def test_the_month_in_figures_shows_closed_months_as_they_were_closed(moved: Story) -> None:
    for period in CLOSED:
        shown = moved.asked(f"select * from marts.month_summary where period = '{period}' order by measure")
        kept = moved.asked(
            "select figure from ledger.standing_figure"
            f" where table_name = 'month_summary' and period = '{period}' order by figure ->> 'measure'"
        )
        assert shown == [row["figure"] for row in kept]


def test_the_bridge_leads_to_the_cent_to_what_an_independent_count_finds(moved: Story) -> None:
    product, world = moved.parts.product, joined(moved.parts.parts)
    books = keep(product.with_hashes(world).inputs())
    figures: Counter[str] = Counter()
    for row in books.visit_revenue.values():
        figures[row["service_period"]] += row["payer_paid_cents"] + row["patient_billed_cents"]
    for memo in product.memos():
        figures[memo["origin_period"]] += memo["amount_cents"] * (1 if memo["kind"] == "debit" else -1)
    assert {row["period"] for row in moved.bridge} == set(CLOSED)
    for period in CLOSED:
        rows = [row for row in moved.bridge if row["period"] == period]
        (as_closed,) = {row["as_closed_cents"] for row in rows}
        (as_now,) = {row["as_now_cents"] for row in rows}
        assert as_closed + sum(row["movement_cents"] for row in rows) == as_now == figures[period]
        assert as_closed == _published(moved, period)
        assert len(rows) > 2


def _published(story: Story, period: str) -> int:
    rows = story.asked(
        "select sum((figure ->> 'amount_cents')::bigint)::bigint as cents from ledger.standing_figure"
        f" where table_name = 'month_summary' and period = '{period}'"
        f" and figure ->> 'measure' = any(array{list(FIGURE)})"
    )
    return int(rows[0]["cents"])


def test_what_came_late_stands_in_open_months_and_nothing_is_lost(moved: Story) -> None:
    prior = moved.asked(
        "select distinct period from marts.month_summary where measure like 'prior_period_%' and amount_cents <> 0"
    )
    assert prior
    assert {row["period"] for row in prior}.isdisjoint(CLOSED)
    for measure in ("payer_paid", "patient_billed", "patient_collected", "contractual", "denied", "patient_balance"):
        (told,) = moved.asked(
            "select sum(amount_cents)::bigint as cents from marts.month_summary"
            f" where measure in ('{measure}', 'prior_period_{measure}')"
        )
        (is_now,) = moved.asked(f"select sum({measure}_cents)::bigint as cents from marts.visit_revenue")
        assert told == is_now, measure


def test_the_journal_has_no_line_in_a_closed_month_that_was_recorded_after_it_closed(moved: Story) -> None:
    late = moved.asked(
        "select 1 from ledger.journal join ledger.closed_month using (period) where recorded_at > closed_at"
    )
    assert late == []
    assert moved.asked("select 1 from ledger.journal where is_late limit 1")


def test_direct_sql_in_any_role_moves_no_export_of_a_closed_month(moved: Story) -> None:
    with connect(moved.parts.product.database) as connection:
        for role, attack in itertools.product(("none", "trueup_books", "trueup_reader"), ATTACKS):
            connection.execute(f"set role {role}")
            try:
                connection.execute(attack)
            except (errors.RestrictViolation, errors.CheckViolation, errors.InsufficientPrivilege):
                connection.rollback()
                continue
            assert role == "none" or "closed_table" in attack, (role, attack)
            connection.rollback()
    for period in CLOSED:
        assert changed(moved.first[period], exported(moved.parts.product.database, period)) == []


def test_the_owner_who_empties_the_marts_moves_no_export_of_a_closed_month(moved: Story) -> None:
    with connect(moved.parts.product.database) as connection:
        connection.execute("delete from marts.visit_revenue")
        connection.execute("update marts.month_summary set amount_cents = 1")
        try:
            connection.commit()
            for period in CLOSED:
                assert changed(moved.first[period], exported(moved.parts.product.database, period)) == []
        finally:
            moved.parts.execute("update ops.run set basis = 'the marts were emptied' where status = 'succeeded'")


@pytest.fixture(scope="module")
def reopened(moved: Story) -> Story:
    """Settle remits, change fees and practices, look back in time, reopen one month, and close it again."""
    product, parts = moved.parts.product, moved.parts
    with connect(product.database) as connection:
        held = connection.execute(
            "select file_sha256, st_index from marts.era_tieout where verdict in ('held', 'conflict') order by 1, 2"
        ).fetchall()
        posted = connection.execute(
            "select file_sha256, st_index from marts.era_tieout where verdict = 'posted' order by 1, 2"
        ).fetchall()
        for one in held:
            try:
                with connection.transaction():
                    settlement.release(connection, settlement.Name(*one), "the payer says so", "Ada")
            except settlement.CannotSettle:
                continue
        settlement.replace_by(connection, settlement.Name(*posted[0]), settlement.Name(*posted[1]), "a copy", "Ada")
        connection.commit()
    changes = replace(
        parts.parts[0],
        observations=[
            replace(
                seen,
                charge_cents=seen.charge_cents + 500,
                practice_id="south",
                state_changed_at=seen.state_changed_at.replace(year=2027),
            )
            for seen in parts.parts[0].observations[:40]
        ],
        stripe_lines=[],
        remit_files=[],
        fees=[replace(fee, allowed_cents=fee.allowed_cents + 700) for fee in parts.world.fees],
        practices=[replace(rule, no_show_fee_cents=rule.no_show_fee_cents + 900) for rule in parts.world.practices],
        deposits=[replace(deposit, amount_cents=deposit.amount_cents + 1) for deposit in parts.world.deposits],
    )
    product.load(changes, parts.home / "changes")
    parts.reconcile(date(2026, 9, 15))
    moved.now = {period: exported(product.database, period) for period in CLOSED}
    months.reopen(product.database, CLOSED[1], by=EXPLAINED, waiting=lambda: None)
    moved.blocked["reopened"] = parts.close(CLOSED[1])
    parts.reconcile()
    moved.closings["again"] = parts.close(CLOSED[1])
    return moved


def test_settlements_new_fees_practices_edits_and_another_day_moved_nothing(reopened: Story) -> None:
    for period in CLOSED:
        assert changed(reopened.first[period], reopened.now[period]) == []


def test_a_run_of_an_earlier_day_posts_to_the_first_open_month(reopened: Story) -> None:
    periods = reopened.asked("select distinct period, as_of from ledger.journal where as_of = '2026-09-15'")
    assert periods
    assert {row["period"] for row in periods}.isdisjoint(CLOSED)


def test_a_reopened_month_waits_for_a_reconcile_and_closes_as_version_2(reopened: Story) -> None:
    assert open_points(reopened.blocked["reopened"]) == {"run": 2}
    again = reopened.closings["again"].closed
    assert again is not None
    assert again.version == 2
    events = reopened.asked(
        f"select event, why, made_by from ledger.period_event where period = '{CLOSED[1]}' order by ordinal"
    )
    assert [row["event"] for row in events] == ["close", "reopen", "close"]
    assert events[1]["why"] == EXPLAINED.why


def test_version_1_reads_as_ever_and_version_2_has_what_came_in_between(reopened: Story) -> None:
    database = reopened.parts.product.database
    assert changed(reopened.first[CLOSED[1]], exported(database, CLOSED[1], version=1)) == []
    assert ("visit_revenue", "csv") in changed(reopened.first[CLOSED[1]], exported(database, CLOSED[1]))


def test_the_bridge_of_version_2_leads_to_now_as_well(reopened: Story) -> None:
    rows = [row for row in reopened.asked("select * from marts.close_bridge") if row["period"] == CLOSED[1]]
    (live,) = reopened.asked(
        "select (select sum(payer_paid_cents + patient_billed_cents) from marts.visit_revenue"
        f" where service_period = '{CLOSED[1]}')::bigint + (select sum(case kind when 'debit' then amount_cents"
        f" else -amount_cents end) from marts.memos where origin_period = '{CLOSED[1]}')::bigint as cents"
    )
    assert {row["as_now_cents"] for row in rows} == {live["cents"]}
    assert rows[0]["as_closed_cents"] == _published(reopened, CLOSED[1])


def test_an_open_month_cannot_be_reopened(reopened: Story) -> None:
    with pytest.raises(Blocked, match=r"^2026-11 is open"):
        months.reopen(reopened.parts.product.database, "2026-11", by=EXPLAINED, waiting=lambda: None)


def test_a_note_explains_one_point_and_no_other(reopened: Story) -> None:
    product = reopened.parts.product
    by = {"period": "2026-07", "today": TODAY, "by": EXPLAINED, "waiting": lambda: None}
    with pytest.raises(months.NoSuchPoint, match="is no open point of 2026-07"):
        months.note(product.settings, product.database, ("eft_tieout", "nothing"), **by)
    with pytest.raises(months.NoSuchPoint):
        months.note(product.settings, product.database, ("run", "run"), **by)


def test_as_of_a_day_to_come_is_what_is(reopened: Story) -> None:
    with connect(reopened.parts.product.database) as connection:
        known = as_known.as_known(connection, date(2099, 1, 1), "UTC")
        now = published.tables(connection)
        assert set(known) == set(as_known.QUERIES)
        for name in ("closed_months", "memos", "revenue_feed", "roll_forwards", "trial_balance"):
            assert written(connection, known[name]) == written(connection, now[name]), name
        shown, told = (figures(connection, tables["month_summary"]) for tables in (now, known))
    assert told
    assert told.items() <= shown.items()
    assert {measure for _, measure in told} > {"payer_paid", "prior_period_payer_paid", "memo_credit"}


def test_a_figure_that_was_tampered_with_is_noticed(reopened: Story) -> None:
    database = reopened.parts.product.database
    with connect(database) as connection:
        connection.execute("alter table ledger.closed_figure disable trigger user")
        connection.execute(
            "update ledger.closed_figure set figure = figure || '{\"amount_cents\": 1}'"
            " where period = '2026-09' and table_name = 'month_summary' and place = 1"
        )
        connection.execute("alter table ledger.closed_figure enable always trigger closed_figure_is_only_added_to")
        connection.commit()
    with pytest.raises(AssertionError, match="month_summary"):
        exported(database, "2026-09")
