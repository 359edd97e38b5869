"""The outbox: one row for ever of what an effect is of, claimed by one at a time, kept whatever is tried."""

from __future__ import annotations

import contextlib
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from ledger.rules.outcome import Advice, Declined, Done, Later, Refused, Unknown
from ledger.rules.requests import PauseInvoice, ResumeInvoice
from ledger.store import collecting, customers, holds, outbox, worklist
from ledger.store.database import connect
from tests.support.stripe_requests import CHARGE, EACH, METER

if TYPE_CHECKING:
    from ledger.rules.requests import Request
    from ledger.store.database import Database

NOW = datetime(2099, 1, 1, tzinfo=UTC)
LEASE = timedelta(minutes=5)


def test_one_effect_has_one_row_whoever_asks_and_however_often(connection: psycopg.Connection) -> None:
    first = outbox.put(connection, CHARGE, "p1")
    assert first is not None
    assert outbox.put(connection, CHARGE, "p1") is None
    assert outbox.put(connection, dataclasses.replace(CHARGE, amount_cents=1), "p2") is None
    assert connection.execute("select count(*) from ledger.outbox").fetchone() == (1,)


def test_the_row_goes_with_its_cause(connection: psycopg.Connection) -> None:
    outbox.put(connection, CHARGE, "p1")
    connection.rollback()
    assert outbox.claim(connection, NOW, LEASE) is None


@pytest.mark.parametrize(("first", "second"), [(CHARGE, METER), (METER, CHARGE)])
def test_a_visit_has_one_channel(connection: psycopg.Connection, first: Request, second: Request) -> None:
    assert outbox.put(connection, first, "p1")
    assert outbox.put(connection, second, "p1") is None


def test_what_was_refused_leaves_the_other_channel_open(connection: psycopg.Connection) -> None:
    outbox.put(connection, METER, "p1")
    claimed = outbox.claim(connection, NOW, LEASE)
    assert claimed is not None
    outbox.record(connection, claimed, Refused("timestamp_too_far_in_past", ""), NOW, NOW)
    assert outbox.put(connection, CHARGE, "p1")


def test_two_who_put_the_same_at_once_make_one_row(database: Database) -> None:
    def click() -> bool:
        with contextlib.closing(connect(database)) as own:
            made = outbox.put(own, CHARGE, "p1") is not None
            own.commit()
            return made

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: click(), range(16))) == [False] * 15 + [True]


def test_a_claim_is_written_before_the_call_and_holds_for_its_lease(connection: psycopg.Connection) -> None:
    outbox.put(connection, CHARGE, "p1")
    first = outbox.claim(connection, NOW, LEASE)
    assert first is not None
    assert (first.attempt, first.first_sent_at, first.failures) == (1, None, 0)
    assert first.arguments == CHARGE.document()
    assert connection.execute("select attempt, sent_at from ledger.send_ledger").fetchall() == [(1, NOW)]
    assert outbox.claim(connection, NOW + LEASE - timedelta(microseconds=1), LEASE) is None
    again = outbox.claim(connection, NOW + LEASE, LEASE)
    assert again is not None
    assert (again.outbox_id, again.attempt, again.first_sent_at, again.failures) == (first.outbox_id, 2, NOW, 0)


def test_eight_who_claim_at_once_get_a_row_each(database: Database, connection: psycopg.Connection) -> None:
    for _ in range(24):
        outbox.put(connection, dataclasses.replace(CHARGE, visit_token=uuid4()), "p1")
    connection.commit()

    def claims(_: int) -> list[str]:
        with contextlib.closing(connect(database, autocommit=True)) as own:
            return [found.business_key for _ in range(3) if (found := outbox.claim(own, NOW, LEASE))]

    with ThreadPoolExecutor(8) as pool:
        claimed = [key for keys in pool.map(claims, range(8)) for key in keys]
    assert len(claimed) == len(set(claimed)) == 24


def test_what_is_unknown_is_due_again_and_counts_the_failures(connection: psycopg.Connection) -> None:
    outbox.put(connection, CHARGE, "p1")
    first = outbox.claim(connection, NOW, LEASE)
    assert first is not None
    outbox.record(connection, first, Unknown("api_error", answered=True), NOW, NOW + LEASE * 2)
    assert outbox.claim(connection, NOW + LEASE, LEASE) is None
    again = outbox.claim(connection, NOW + LEASE * 2, LEASE)
    assert again is not None
    assert (again.attempt, again.failures) == (2, 1)
    outbox.record(connection, again, Done("in_1"), NOW, NOW)
    assert outbox.claim(connection, NOW + LEASE * 9, LEASE) is None
    assert connection.execute("select state, outcome ->> 'object_id' from ledger.outbox").fetchone() == ("done", "in_1")


def test_an_attempt_that_was_overtaken_moves_nothing_back(connection: psycopg.Connection) -> None:
    outbox.put(connection, CHARGE, "p1")
    slow = outbox.claim(connection, NOW, LEASE)
    quick = outbox.claim(connection, NOW + LEASE, LEASE)
    assert slow is not None
    assert quick is not None
    outbox.record(connection, quick, Done("in_1"), NOW, NOW)
    outbox.record(connection, slow, Unknown("timeout", answered=False), NOW, NOW)
    assert connection.execute("select state from ledger.outbox").fetchone() == ("done",)
    assert connection.execute("select count(*) from ledger.send_outcome").fetchone() == (2,)


@pytest.mark.parametrize(
    ("outcome", "state"), [(Refused("invoice_not_editable", ""), "pending"), (Done("in_1"), "done")]
)
def test_an_attempt_that_was_overtaken_ends_a_row_by_an_effect_and_not_by_a_refusal(
    connection: psycopg.Connection, outcome: Done | Refused, state: str
) -> None:
    outbox.put(connection, CHARGE, "p1")
    slow = outbox.claim(connection, NOW, LEASE)
    assert slow is not None
    assert outbox.claim(connection, NOW + LEASE, LEASE)
    outbox.record(connection, slow, outcome, NOW, NOW)
    assert connection.execute("select state from ledger.outbox").fetchone() == (state,)


def overtaken(connection: psycopg.Connection) -> outbox.Claimed:
    """Have an attempt overtaken by one that is refused; return the one that is still under way."""
    outbox.put(connection, METER, "p1")
    slow = outbox.claim(connection, NOW, LEASE)
    quick = outbox.claim(connection, NOW + LEASE, LEASE)
    assert slow is not None
    assert quick is not None
    outbox.record(connection, quick, Refused("timestamp_too_far_in_past", ""), NOW, NOW)
    return slow


def test_an_effect_takes_the_place_of_the_refusal_of_the_attempt_that_overtook_it(
    connection: psycopg.Connection,
) -> None:
    slow = overtaken(connection)
    assert outbox.state_of(connection, METER.business_key) == "refused"
    outbox.record(connection, slow, Done("in_1"), NOW, NOW)
    assert outbox.state_of(connection, METER.business_key) == "done"
    assert outbox.overtaken(connection) == []
    assert outbox.put(connection, CHARGE, "p1") is None


def test_an_effect_whose_place_another_demand_took_is_for_a_person(connection: psycopg.Connection) -> None:
    slow = overtaken(connection)
    assert outbox.put(connection, CHARGE, "p1")
    outbox.record(connection, slow, Done("in_1"), NOW, NOW)
    assert outbox.state_of(connection, METER.business_key) == "refused"
    collecting.sweep(connection)
    collecting.sweep(connection)
    kinds = [(item.kind, item.cause) for item in worklist.listed(connection)]
    assert sorted(kinds) == [("send_refused", METER.business_key), ("two_demands", METER.business_key)]


def test_what_is_sent_after_all_is_resolved_by_itself(connection: psycopg.Connection) -> None:
    outbox.put(connection, CHARGE, "p1")
    first = outbox.claim(connection, NOW, LEASE)
    assert first is not None
    outbox.record(connection, first, Unknown("no answer", answered=False), NOW, NOW)
    collecting.sweep(connection)
    assert worklist.listed(connection) == []
    connection.execute("update ledger.outbox set created_at = now() - interval '25 hours'")
    collecting.sweep(connection)
    assert [item.kind for item in worklist.listed(connection)] == ["send_stuck"]
    again = outbox.claim(connection, NOW, LEASE)
    assert again is not None
    outbox.record(connection, again, Done("in_1"), NOW, NOW)
    collecting.sweep(connection)
    assert worklist.listed(connection) == []
    (item,) = worklist.listed(connection, resolved_too=True)
    assert [entry.deed for entry in worklist.entries(connection, item.item_id)] == ["opened", "resolved"]


@pytest.mark.parametrize(("days", "told"), [(27, []), (29, ["send_stuck"])])
def test_usage_that_is_soon_too_old_is_told_of_once_and_refused_it_is_one_row(
    connection: psycopg.Connection, days: int, told: list[str]
) -> None:
    usage = dataclasses.replace(METER, ended_at=datetime.now(UTC) - timedelta(days=days))
    outbox.put(connection, usage, "p1")
    for _ in range(2):
        collecting.sweep(connection)
    found = worklist.listed(connection)
    assert [(item.kind, item.why) for item in found] == [(kind, "usage_expires") for kind in told]
    claimed = outbox.claim(connection, NOW, LEASE)
    assert claimed is not None
    outbox.record(connection, claimed, Refused("timestamp_too_far_in_past", ""), NOW, NOW)
    collecting.sweep(connection)
    (item,) = worklist.listed(connection)
    assert (item.kind, item.why) == ("send_refused", "timestamp_too_far_in_past")


@pytest.mark.parametrize("of_patient", [True, False])
def test_while_hardship_holds_no_demand_is_claimed_and_a_credit_is(
    connection: psycopg.Connection, of_patient: bool
) -> None:
    patient = uuid4()
    customers.keep(connection, patient, "p1", CHARGE.customer)
    whom = holds.Whom(patient_token=patient) if of_patient else holds.Whom(visit_token=CHARGE.visit_token)
    for request in EACH:
        of_its_own = {"memo_id": uuid4()} if hasattr(request, "memo_id") else {}
        outbox.put(connection, dataclasses.replace(request, **of_its_own), "p1")
    holds.make(connection, whom, "p1", "lost their work", "ada")
    tried = []
    while claimed := outbox.claim(connection, NOW, LEASE):
        tried.append(claimed.operation)
    assert not {"charge_visit", "debit_invoice"} & set(tried)
    assert {"cancel_usage", "credit_invoice", "credit_balance", "pause_invoice", "resume_invoice"} <= set(tried)
    holds.end(connection, whom, "found work", "grace")
    assert outbox.claim(connection, NOW, LEASE) is not None


def test_what_lets_stripe_go_on_waits_for_what_told_it_to_stop(connection: psycopg.Connection) -> None:
    pause, resume = (next(each for each in EACH if type(each) is kind) for kind in (PauseInvoice, ResumeInvoice))
    outbox.put(connection, resume, "p1", after=pause.business_key)
    outbox.put(connection, pause, "p1")
    first = outbox.claim(connection, NOW, LEASE)
    assert first is not None
    assert first.operation == "pause_invoice"
    assert outbox.claim(connection, NOW, LEASE) is None
    outbox.record(connection, first, Done("in_1"), NOW, NOW)
    second = outbox.claim(connection, NOW, LEASE)
    assert second is not None
    assert second.operation == "resume_invoice"


@pytest.mark.parametrize(
    "change",
    [
        "delete from ledger.outbox",
        "truncate ledger.outbox cascade",
        "update ledger.outbox set business_key = 'charge:00000000-0000-0000-0000-000000000000'",
        "update ledger.outbox set arguments = '{}'",
        "delete from ledger.send_ledger",
        "update ledger.send_ledger set sent_at = now()",
        "delete from ledger.send_outcome",
    ],
)
def test_the_database_itself_refuses_to_forget(connection: psycopg.Connection, change: str) -> None:
    outbox.put(connection, EACH[0], "p1")
    claimed = outbox.claim(connection, NOW, LEASE)
    assert claimed is not None
    outbox.record(connection, claimed, Done("in_1"), NOW, NOW)
    with pytest.raises(psycopg.errors.RestrictViolation, match="refused"):
        connection.execute(change)


@pytest.mark.parametrize(
    ("advice", "invoice", "is_listed"),
    [
        (Advice.NEW_CARD, None, True),
        (Advice.NEVER, {"status": "open"}, True),
        (Advice.NEW_CARD, {"status": "paid"}, False),
        (Advice.RETRY, None, False),
        (Advice.RETRY, {"status": "open", "next_payment_attempt": 1800000000}, False),
        (Advice.RETRY, {"status": "open", "next_payment_attempt": None}, True),
        (Advice.RETRY, {"status": "paid", "next_payment_attempt": None}, False),
        (Advice.RETRY, {"status": "uncollectible"}, True),
        (Advice.AUTHENTICATE, {"status": "void"}, False),
    ],
)
def test_a_declined_charge_is_for_a_person_when_no_retry_is_left(
    connection: psycopg.Connection, advice: Advice, invoice: dict[str, object] | None, is_listed: bool
) -> None:
    outbox.put(connection, CHARGE, "p1")
    claimed = outbox.claim(connection, NOW, LEASE)
    assert claimed is not None
    outbox.record(connection, claimed, Declined("in_1", "a_code", advice), datetime.now(UTC), NOW)
    if invoice is not None:
        connection.execute(
            "insert into ledger.stripe_object (object_id, object_type, version_at, object_sha256, event_id, payload)"
            " values ('in_1', 'invoice', now(), '', 'evt_1', %s)",
            (Jsonb(invoice),),
        )
    assert [row.business_key for row in outbox.worklist(connection)] == [CHARGE.business_key] * is_listed
    connection.execute("update ledger.outbox set changed_at = now() - interval '15 days'")
    is_open = invoice is None or invoice["status"] in {"open", "uncollectible"}
    assert len(outbox.worklist(connection)) == is_open


def test_what_is_refused_or_unknown_for_a_day_is_for_a_person(connection: psycopg.Connection) -> None:
    outbox.put(connection, CHARGE, "p1")
    outbox.put(connection, EACH[4], "p1")
    first, second = (outbox.claim(connection, NOW, LEASE) for _ in range(2))
    assert first is not None
    assert second is not None
    outbox.record(connection, first, Unknown("no answer", answered=False), NOW, NOW)
    outbox.record(connection, second, Refused("a_code", ""), NOW, NOW)
    assert [row.state for row in outbox.worklist(connection)] == ["refused"]
    connection.execute("update ledger.outbox set created_at = now() - interval '25 hours'")
    assert sorted(row.state for row in outbox.worklist(connection)) == ["refused", "unknown"]


def test_what_is_put_off_for_a_day_is_for_a_person(connection: psycopg.Connection) -> None:
    outbox.put(connection, CHARGE, "p1")
    connection.execute("update ledger.outbox set created_at = now() - interval '25 hours'")
    assert outbox.worklist(connection) == []  # nobody has tried yet
    claimed = outbox.claim(connection, NOW, LEASE)
    assert claimed is not None
    outbox.record(connection, claimed, Later("the invoice was paid in this very moment"), NOW, NOW)
    assert [row.state for row in outbox.worklist(connection)] == ["pending"]


@pytest.mark.parametrize("request_", [CHARGE, METER])
def test_what_a_killed_dispatcher_left_without_an_answer_is_not_said_to_be_unsent(
    connection: psycopg.Connection, request_: Request
) -> None:
    outbox.put(connection, request_, "p1")
    assert outbox.claim(connection, NOW, LEASE) is not None
    connection.execute("update ledger.outbox set created_at = now() - interval '25 hours'")
    collecting.sweep(connection)
    assert [(item.kind, item.why) for item in worklist.listed(connection)] == [("send_stuck", "pending")]
