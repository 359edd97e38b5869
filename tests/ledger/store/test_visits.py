"""Visits on a real server: moved once for a deed, closed out once, and what is sent only then."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from psycopg import errors

from ledger.rules.billing import PracticeRules
from ledger.rules.sending import Channel
from ledger.rules.visit import Actor, NotAllowed, State
from ledger.store import customers, practices, visits
from ledger.store.database import Database, connect
from ledger.store.visits import Deed, Visit
from tests.support.subscribed import as_subscriber

if TYPE_CHECKING:
    import psycopg

TOKEN = UUID("00000000-0000-4000-8000-000000000001")
PATIENT = UUID("00000000-0000-4000-8000-00000000000a")
START = datetime(2026, 9, 1, 14, tzinfo=UTC)
BOOKED = Visit(
    visit_token=TOKEN,
    patient_token=PATIENT,
    practice_id="practice-1",
    provider_id="provider-1",
    service_code="99213",
    place_of_service="10",
    scheduled_start=START,
    scheduled_end=START + timedelta(minutes=30),
    charge_cents=15_000,
    state_changed_at=START,
)


def deed(key: str, actor: Actor = Actor.STAFF, minutes: int = 0, reason: str | None = "said so") -> Deed:
    """Return a deed so many minutes after the visit's scheduled start."""
    return Deed(key, actor, START + timedelta(minutes=minutes), reason)


@pytest.fixture
def books(connection: psycopg.Connection) -> psycopg.Connection:
    """Return a connection with a booked visit of a patient who has a card on file."""
    customers.keep(connection, PATIENT, "practice-1", "cus_ABCDEFGH12")
    card = customers.Card("pm_ABCDEFGH12", "visa", "4242", "2030-04")
    customers.keep_card(connection, "cus_ABCDEFGH12", card)
    visits.book(connection, BOOKED, deed("book", minutes=-600))
    connection.commit()
    return connection


def held(books: psycopg.Connection, end: State = State.COMPLETED, minutes: int = 25) -> Visit:
    """Hold the visit and end it so."""
    visits.advance(books, TOKEN, State.STARTED, deed("start", Actor.PROVIDER))
    return visits.advance(books, TOKEN, end, deed("end", Actor.PROVIDER, minutes))


def fees(books: psycopg.Connection, rules: PracticeRules, load: int, practice_id: str = "practice-1") -> None:
    """Have a file of practices loaded, as `trueup load practices` leaves it."""
    books.execute(
        "insert into raw.file (load_id, kind, file_sha256, byte_count) overriding system value"
        " values (%s, 'practices', %s, 0)",
        (load, f"{load:064d}"),
    )
    books.execute(
        "insert into raw.practice values (%s, %s, %s, %s, %s, %s, 1, %s)",
        (practice_id, *astuple(rules), rules.policy_key, f"{load:064d}", load),
    )


def sent(books: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Return what stands in the outbox for visits."""
    query = "select business_key, arguments from ledger.outbox where visit_token is not null order by created_at"
    return books.execute(query).fetchall()


def history(books: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Return the transitions of the visit."""
    query = "select from_state, to_state, actor, reason from ledger.visit_event order by ordinal"
    return books.execute(query).fetchall()


def test_nothing_is_sent_before_a_visit_is_over(books: psycopg.Connection) -> None:
    visits.advance(books, TOKEN, State.STARTED, deed("start", Actor.PROVIDER))
    assert sent(books) == []
    assert visits.close_out(books, TOKEN) is None


def test_a_completed_visit_is_closed_out_and_its_charge_stands_in_the_outbox(books: psycopg.Connection) -> None:
    visit = held(books)
    closed = visits.close_out(books, TOKEN)
    assert closed is not None
    assert (closed.state, closed.channel, closed.verdict.target_cents) == (State.COMPLETED, Channel.INVOICE, 15_000)
    assert (visit.started_at, visit.ended_at) == (START, START + timedelta(minutes=25))
    assert [row[0] for row in sent(books)] == [f"charge:{TOKEN}"]
    assert sent(books)[0][1]["amount_cents"] == 15_000
    assert [row[:3] for row in history(books)] == [
        (None, "scheduled", "staff"),
        ("scheduled", "started", "provider"),
        ("started", "completed", "provider"),
    ]


def test_what_is_rolled_back_with_the_close_out_is_all_of_it(books: psycopg.Connection) -> None:
    held(books)
    books.rollback()
    assert sent(books) == []
    assert visits.close_out(books, TOKEN) is None
    assert visits.get(books, TOKEN) == replace(
        BOOKED, state_changed_at=START - timedelta(minutes=600), service_category=5
    )


def test_a_metered_category_is_metered_and_never_charged_too(books: psycopg.Connection) -> None:
    as_subscriber(books, PATIENT, "practice-1")
    held(books)
    assert [row[0] for row in sent(books)] == [f"meter:{TOKEN}"]
    usage = sent(books)[0][1]
    assert (usage["event_name"], usage["unit_cents"]) == ("visit_category_5", 9_000)
    assert usage["ended_at"] == (START + timedelta(minutes=25)).isoformat()
    closed = visits.close_out(books, TOKEN)
    assert closed is not None
    assert closed.channel is Channel.METER


def test_a_channel_that_changes_later_changes_no_visit_that_is_over(books: psycopg.Connection) -> None:
    held(books)
    as_subscriber(books, PATIENT, "practice-1")
    visits.advance(books, TOKEN, State.DISPUTED, deed("dispute", Actor.PATIENT, 60))
    visits.advance(books, TOKEN, State.COMPLETED, deed("settle", Actor.STAFF, 90))
    closed = visits.close_out(books, TOKEN)
    assert closed is not None
    assert closed.channel is Channel.INVOICE
    assert [row[0] for row in sent(books)] == [f"charge:{TOKEN}"]


def test_the_fee_of_a_missed_visit_of_a_metered_category_is_invoiced(books: psycopg.Connection) -> None:
    as_subscriber(books, PATIENT, "practice-1")
    fees(books, PracticeRules(no_show_fee_cents=900), load=1)
    fees(books, PracticeRules(no_show_fee_cents=2_500), load=2)
    fees(books, PracticeRules(no_show_fee_cents=400), load=3, practice_id="practice-2")
    visits.advance(books, TOKEN, State.NO_SHOW, deed("gone", Actor.SYSTEM, 15))
    assert [(row[0], row[1]["amount_cents"]) for row in sent(books)] == [(f"charge:{TOKEN}", 2_500)]


@pytest.mark.parametrize("end", [State.CANCELLED, State.LATE_CANCELLED, State.NO_SHOW])
def test_a_visit_that_bills_nothing_is_closed_out_and_sends_nothing(books: psycopg.Connection, end: State) -> None:
    visits.advance(books, TOKEN, end, deed("end"))
    closed = visits.close_out(books, TOKEN)
    assert closed is not None
    assert (closed.state, closed.verdict.target_cents) == (end, 0)
    assert sent(books) == []


def test_the_same_deed_told_again_is_done_once(books: psycopg.Connection) -> None:
    first = held(books)
    assert held(books) == first
    assert visits.book(books, BOOKED, deed("book again")) == first
    assert len(history(books)) == 3
    assert len(sent(books)) == 1


def test_a_key_names_one_deed(books: psycopg.Connection) -> None:
    held(books)
    with pytest.raises(NotAllowed, match="another deed"):
        visits.advance(books, TOKEN, State.DISPUTED, deed("end"))
    with pytest.raises(NotAllowed, match="another deed"):
        visits.edit(books, TOKEN, {"charge_cents": 1}, deed("end"))


def test_an_edit_told_again_is_done_once_and_another_one_by_its_key_is_refused(books: psycopg.Connection) -> None:
    first = visits.edit(books, TOKEN, {"charge_cents": 9_000, "units": 2}, deed("edit"))
    assert visits.edit(books, TOKEN, {"units": 2, "charge_cents": 9_000}, deed("edit")) == first
    for changes in ({"charge_cents": 9_100, "units": 2}, {"charge_cents": 9_000}, {"units": 2}):
        with pytest.raises(NotAllowed, match="another deed"):
            visits.edit(books, TOKEN, changes, deed("edit"))
    moved = {"scheduled_end": BOOKED.scheduled_end + timedelta(minutes=5), "place_of_service": "02"}
    visits.edit(books, TOKEN, moved, deed("move"))
    assert visits.edit(books, TOKEN, moved, deed("move")).place_of_service == "02"
    with pytest.raises(NotAllowed, match="another deed"):
        visits.edit(books, TOKEN, moved | {"scheduled_end": BOOKED.scheduled_end}, deed("move"))
    assert len(history(books)) == 3


@pytest.mark.parametrize(
    ("actor", "hours", "asked", "state"),
    [
        (Actor.PATIENT, 24, State.LATE_CANCELLED, State.CANCELLED),
        (Actor.PATIENT, 23.99, State.CANCELLED, State.LATE_CANCELLED),
        (Actor.PATIENT, 1 / 60, State.CANCELLED, State.LATE_CANCELLED),
        (Actor.STAFF, 1, State.CANCELLED, State.CANCELLED),
    ],
)
def test_the_practices_window_says_whether_a_patient_cancelled_late(
    books: psycopg.Connection, actor: Actor, hours: float, asked: State, state: State
) -> None:
    fees(books, PracticeRules(late_cancel_fee_cents=3_000), load=1)
    asked_for = deed("cancel", actor, minutes=round(-60 * hours))
    assert visits.advance(books, TOKEN, asked, asked_for).state is state
    for again in (State.CANCELLED, State.LATE_CANCELLED) if actor is Actor.PATIENT else (asked,):
        assert visits.advance(books, TOKEN, again, asked_for).state is state
    assert [row[1]["amount_cents"] for row in sent(books)] == [3_000] * (state is State.LATE_CANCELLED)


def test_a_practice_sets_its_window(books: psycopg.Connection) -> None:
    practices.set_policy(books, "practice-1", practices.Policy(late_cancel_hours=2), None, "ada")
    cancelled = visits.advance(books, TOKEN, State.CANCELLED, deed("cancel", Actor.PATIENT, minutes=-121))
    assert cancelled.state is State.CANCELLED


def test_terms_that_were_accepted_hold_whatever_the_practice_says_now(books: psycopg.Connection) -> None:
    fees(books, PracticeRules(late_cancel_fee_cents=9_000), load=1)
    accepted = practices.Terms(PracticeRules(late_cancel_fee_cents=3_000), timedelta(hours=48))
    late = visits.advance(books, TOKEN, State.CANCELLED, deed("cancel", Actor.PATIENT, minutes=-60 * 47), accepted)
    assert late.state is State.LATE_CANCELLED
    assert [row[1]["amount_cents"] for row in sent(books)] == [3_000]


def test_two_who_end_a_visit_at_once_close_it_out_once(books: psycopg.Connection, database: Database) -> None:
    visits.advance(books, TOKEN, State.STARTED, deed("start", Actor.PROVIDER))
    books.commit()

    def end(number: int) -> str:
        with contextlib.closing(connect(database)) as mine:
            try:
                visits.advance(mine, TOKEN, State.COMPLETED, deed(f"end {number}", Actor.PROVIDER, 25))
            except NotAllowed as refusal:
                return str(refusal)
            mine.commit()
            return "done"

    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(end, range(6)))
    assert said.count("done") == 1
    assert len(sent(books)) == 1
    assert books.execute("select count(*) from ledger.visit_close_out").fetchone() == (1,)


def test_an_edit_after_the_end_leaves_what_was_billed_and_tells_the_books(books: psycopg.Connection) -> None:
    held(books)
    edited = visits.edit(books, TOKEN, {"charge_cents": 12_000}, deed("edit", minutes=90))
    assert edited.charge_cents == 12_000
    closed = visits.close_out(books, TOKEN)
    assert closed is not None
    assert closed.verdict.target_cents == 15_000
    assert sent(books)[0][1]["amount_cents"] == 15_000
    row = books.execute("select observation, edited from ledger.visit_event order by ordinal desc limit 1").fetchone()
    assert row is not None
    assert (row[0]["charge_cents"], row[0]["state"], row[1]) == (12_000, "completed", ["charge_cents"])
    assert "patient_token" not in row[0]


def test_an_edit_that_is_not_allowed_changes_nothing(books: psycopg.Connection) -> None:
    held(books)
    with pytest.raises(NotAllowed, match="provider"):
        visits.edit(books, TOKEN, {"charge_cents": 1}, deed("edit", Actor.PROVIDER))
    visit = visits.get(books, TOKEN)
    assert visit is not None
    assert visit.charge_cents == 15_000


def test_a_clock_that_goes_back_leaves_the_order_of_what_happened(books: psycopg.Connection) -> None:
    visits.advance(books, TOKEN, State.STARTED, deed("start", Actor.PROVIDER))
    visit = visits.advance(books, TOKEN, State.COMPLETED, deed("end", Actor.PROVIDER, -5))
    assert visit.state_changed_at == START + timedelta(microseconds=1)
    assert visit.ended_at == START


def test_a_patient_without_an_account_is_closed_out_and_asked_nothing(books: psycopg.Connection) -> None:
    books.execute("delete from ledger.customer")
    held(books)
    assert visits.close_out(books, TOKEN) is not None
    assert sent(books) == []


@pytest.mark.parametrize("table", ["visit_event", "visit_close_out"])
@pytest.mark.parametrize("change", ["update ledger.{} set state = state", "delete from ledger.{}"])
def test_history_and_close_outs_are_only_added_to(books: psycopg.Connection, table: str, change: str) -> None:
    held(books)
    change = change.replace("set state = state", "set visit_token = visit_token")
    with pytest.raises(errors.RestrictViolation, match="only ever added to"):
        books.execute(change.format(table).encode())


def test_a_visit_that_is_not_there_is_said_so(books: psycopg.Connection) -> None:
    with pytest.raises(KeyError, match="no visit"):
        visits.advance(books, PATIENT, State.STARTED, deed("start"))


def test_a_category_is_that_of_the_service_until_the_visit_is_over(books: psycopg.Connection) -> None:
    def category() -> int:
        visit = visits.get(books, TOKEN)
        assert visit is not None
        return visit.service_category

    assert category() == 5
    visits.edit(books, TOKEN, {"service_code": "90837"}, deed("edit", minutes=-60))
    assert category() == 2
    held(books)
    visits.edit(books, TOKEN, {"service_code": "99213"}, deed("put right", minutes=90))
    assert category() == 2


def test_usage_of_a_metered_visit_is_cancelled_once_when_it_costs_nothing_any_more(books: psycopg.Connection) -> None:
    as_subscriber(books, PATIENT, "practice-1")
    held(books)
    visits.edit(books, TOKEN, {"charge_cents": 100}, deed("cheaper", minutes=60))
    assert [row[0] for row in sent(books)] == [f"meter:{TOKEN}"]
    visits.edit(books, TOKEN, {"charge_cents": 0}, deed("free", minutes=61))
    visits.advance(books, TOKEN, State.ABANDONED, deed("gone", minutes=62))
    assert {row[0] for row in sent(books)} == {f"meter:{TOKEN}", f"cancel:{TOKEN}"}
    after = books.execute("select after_key from ledger.outbox where operation = 'cancel_usage'").fetchone()
    assert after == (f"meter:{TOKEN}",)
