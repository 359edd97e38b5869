"""From a declined card to the last cent: what is known after each attempt, who is told what, and who looks at it."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.rules.demand import Standing
from ledger.rules.visit import State
from ledger.store import collecting, notices, practices, visits, worklist
from ledger.store.holds import Whom
from tests.support.collecting import Practice, practice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database

ALWAYS = ("insufficient_funds",) * 9
RETRY_DAYS = (1, 3, 5, 7)


@pytest.fixture(scope="module")
def opened(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practice(module_database, tmp_path_factory.mktemp("home")) as made:
        yield made


def test_a_soft_decline_is_tried_again_on_its_days_and_then_a_person_looks(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", *ALWAYS)
    visit = opened.visit(patient)
    for attempt, days in enumerate(RETRY_DAYS, 1):
        demand = opened.demand(visit)
        assert (demand.standing, demand.attempts) == (Standing.RETRY, attempt)
        assert opened.items(visit) == opened.notices(patient) == []
        opened.later(days=days)
    assert (opened.demand(visit).standing, opened.demand(visit).attempts) == (Standing.GIVEN_UP, 5)
    (item,) = opened.items(visit)
    assert (item.kind, item.cause, item.state, item.why) == (
        "payment_failed",
        opened.invoice(visit)["id"],
        "open",
        "given_up",
    )
    assert [notice.kind for notice in opened.notices(patient)] == ["pay"]


def test_a_retry_that_goes_through_settles_all(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", "insufficient_funds")
    visit = opened.visit(patient)
    assert opened.demand(visit).standing is Standing.RETRY
    opened.later(days=1)
    assert opened.invoice(visit)["status"] == "paid"
    assert opened.demand(visit).standing is Standing.SETTLED
    assert opened.items(visit, resolved_too=True) == []
    assert [notice.kind for notice in opened.notices(patient)] == ["receipt"]


@pytest.mark.parametrize(
    ("decline", "standing", "told"),
    [
        ("expired_card", Standing.NEW_CARD, ["new_card"]),
        ("stolen_card", Standing.NEVER, []),
        ("authentication_required", Standing.AUTHENTICATE, ["authenticate"]),
    ],
)
def test_a_hard_decline_asks_the_patient_or_a_person_at_once(
    opened: Practice, decline: str, standing: Standing, told: list[str]
) -> None:
    patient = opened.patient("pm_card_visa", *(decline,) * 3)
    visit = opened.visit(patient)
    assert opened.demand(visit).standing is standing
    assert [item.why for item in opened.items(visit)] == [standing.value]
    assert [notice.kind for notice in opened.notices(patient)] == told
    assert opened.invoice(visit)["next_payment_attempt"] is None


@pytest.mark.parametrize("card", ["pm_card_chargeCustomerFail", "pm_card_authenticationRequired"])
def test_stripe_s_own_test_cards(opened: Practice, card: str) -> None:
    visit = opened.visit(opened.patient(card))
    assert opened.demand(visit).standing is (
        Standing.RETRY if card == "pm_card_chargeCustomerFail" else Standing.AUTHENTICATE
    )


def test_a_patient_who_confirms_at_the_bank_s_page_has_paid(opened: Practice) -> None:
    patient = opened.patient("pm_card_authenticationRequired")
    visit = opened.visit(patient)
    invoice = opened.invoice(visit)
    page = opened.gateway.payment_page(invoice["id"])
    assert page == invoice["hosted_invoice_url"]
    with opened.books() as connection:
        assert connection.execute(
            "select count(*) from ledger.notice where notice::text like %s", (f"%{page}%",)
        ).fetchone() == (0,)
    # On the hosted page: the same intent and card, with the patient there.
    opened.client.v1.invoices.pay(invoice["id"], {"off_session": False, "payment_method": patient.card or ""})
    opened.told()
    assert opened.demand(visit).standing is Standing.AUTHENTICATE
    assert len(opened.items(visit)) == 1
    (payment,) = [
        each
        for each in opened.sandbox.control.objects()
        if each["object"] == "invoice_payment" and each["invoice"] == invoice["id"]
    ]
    opened.sandbox.control.authenticate(payment["payment"]["payment_intent"], passed=True)
    opened.told()
    assert opened.demand(visit).standing is Standing.SETTLED
    assert opened.items(visit) == []
    assert [item.state for item in opened.items(visit, resolved_too=True)] == ["resolved"]
    assert [notice.kind for notice in opened.notices(patient)] == ["receipt"]


def test_a_new_card_is_tried_once_on_what_is_open(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", *("expired_card",) * 3)
    first, second = opened.visit(patient), opened.visit(patient, cents=8_000)
    still = opened.new_card(patient.customer, "pm_card_visa", *("insufficient_funds",) * 2)
    assert [each.operation for each in opened.deliver()] == ["pay_invoice"] * 2
    for visit in (first, second):
        assert opened.demand(visit).standing is not Standing.SETTLED
        assert opened.invoice(visit)["default_payment_method"] == still
    opened.later(minutes=5)
    assert opened.deliver() == []  # the same card is not tried again by us
    opened.new_card(patient.customer)
    assert [each.outcome.state for each in opened.deliver()] == ["done"] * 2
    assert [opened.invoice(visit)["amount_paid"] for visit in (first, second)] == [12_000, 8_000]
    assert [opened.items(visit) for visit in (first, second)] == [[], []]


def test_a_card_that_was_there_before_the_visit_is_no_new_one(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", *("expired_card",) * 3)
    opened.visit(patient)
    with opened.books() as connection:
        collecting.follow_card(connection, patient.customer)
    assert opened.deliver() == []


def test_a_card_that_came_before_the_word_that_it_was_needed(opened: Practice) -> None:
    """The webhooks of the decline arrive after those of the new card."""
    patient = opened.patient("pm_card_visa", *("expired_card",) * 3)
    opened.sandbox.control.webhooks(paused=True)
    visit = opened.held(patient)
    list(opened.dispatcher().deliver_all(1))
    opened.sandbox.control.clock(advance=60)
    card = opened.client.v1.payment_methods.attach("pm_card_visa", {"customer": patient.customer}).id
    events = {each["type"]: each["id"] for each in opened.sandbox.control.objects() if each["object"] == "event"}
    opened.sandbox.control.webhooks(paused=False, shuffled=True, copies=2)
    assert "payment_method.attached" in events
    opened.told()
    opened.sandbox.control.webhooks(shuffled=False, copies=1)
    assert [each.operation for each in opened.deliver()] == ["pay_invoice"]
    assert opened.invoice(visit)["status"] == "paid"
    assert opened.invoice(visit)["default_payment_method"] == card


def test_whatever_the_order_and_number_of_webhooks_the_row_is_one(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", *("expired_card",) * 3)
    visit = opened.visit(patient)
    invoice = opened.invoice(visit)["id"]
    for each in opened.sandbox.control.objects():
        if each["object"] == "event" and each["data"]["object"].get("id") == invoice:
            opened.sandbox.control.redeliver(each["id"], copies=3)
    opened.told()
    (item,) = opened.items(visit)
    with opened.books() as connection:
        assert [entry.deed for entry in worklist.entries(connection, item.item_id)] == ["opened"]
    assert len(opened.notices(patient)) == 1


def test_a_row_that_staff_resolved_opens_anew_when_the_card_fails_anew_and_not_before(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", *("expired_card",) * 3)
    visit = opened.visit(patient)
    (item,) = opened.items(visit)
    with opened.books() as connection:
        worklist.assign(connection, item.item_id, "ada", "grace")
        worklist.note(connection, item.item_id, "left word", "ada")
        worklist.resolve(connection, item.item_id, "brings another card", "ada")
        collecting.follow(connection, item.cause)
        collecting.sweep(connection)
    assert opened.items(visit) == []
    opened.new_card(patient.customer, "pm_card_visa", *("lost_card",) * 2)
    opened.deliver()
    (again,) = opened.items(visit)
    assert (again.item_id, again.state, again.why) == (item.item_id, "open", "never")
    with opened.books() as connection:
        deeds = [entry.deed for entry in worklist.entries(connection, item.item_id)]
    assert deeds == ["opened", "assigned", "noted", "resolved", "opened"]


def test_an_invoice_given_up_by_hand_is_for_a_person(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", *ALWAYS)
    visit = opened.visit(patient)
    opened.client.v1.invoices.mark_uncollectible(opened.invoice(visit)["id"])
    opened.told()
    assert [item.why for item in opened.items(visit)] == ["given_up"]


def test_a_patient_is_told_by_day_a_day_after_the_visit_and_at_most_so_often(opened: Practice) -> None:
    with opened.books() as connection:
        dunning = practices.policy(connection, "p1").dunning
    patient = opened.patient("pm_card_visa", *("expired_card",) * 3)
    visit = opened.visit(patient)
    ended, told = opened.now(), []
    for _ in range(4 * 16):
        told += [opened.now() - ended for _ in opened.mail(patient)]
        opened.later(hours=6)
    assert len(told) == dunning.most_notices
    assert told[0] >= timedelta(hours=24)
    assert all(9 <= (ended + after).hour < 20 for after in told)
    apart = timedelta(days=dunning.days_apart)
    assert all(later - before >= apart for before, later in itertools.pairwise(told))
    assert opened.notices(patient) == []
    assert len(opened.items(visit)) == 1


def test_a_visit_that_is_booked_meanwhile_puts_a_notice_off(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", *("expired_card",) * 3)
    opened.visit(patient)
    (notice,) = opened.notices(patient)
    start = notice.not_before + timedelta(hours=20)
    opened.visit(patient, scheduled_start=start, scheduled_end=start + timedelta(hours=1))
    opened.later(seconds=(notice.not_before - opened.now()).total_seconds())
    assert opened.mail(patient) == []
    (put_off,) = opened.notices(patient)
    assert put_off.not_before >= start + timedelta(hours=25)


def test_what_is_paid_meanwhile_is_not_asked_for(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", *("expired_card",) * 3)
    opened.visit(patient)
    (notice,) = opened.notices(patient)
    opened.new_card(patient.customer)
    opened.deliver()
    opened.later(days=4)
    assert opened.mail(patient) == ["receipt"]
    assert [each.state for each in opened.notices(patient, all_=True) if each.notice_id == notice.notice_id] == [
        "withdrawn"
    ]


@pytest.mark.parametrize("of", ["patient", "visit"])
def test_while_hardship_holds_nothing_is_tried_nor_said(opened: Practice, of: str) -> None:
    patient = opened.patient("pm_card_visa", *ALWAYS)
    visit = opened.visit(patient)
    whom = Whom(patient_token=patient.token) if of == "patient" else Whom(visit_token=visit)
    assert opened.invoice(visit)["next_payment_attempt"]
    with opened.books() as connection:
        collecting.hold(connection, whom, "p1", "lost their work", "ada")
    assert [each.operation for each in opened.deliver()] == ["pause_invoice"]
    opened.later(days=30)
    assert opened.invoice(visit)["attempt_count"] == 1
    assert opened.items(visit) == opened.notices(patient) == opened.mail(patient) == []
    held = [visit]
    if of == "patient":
        held.append(opened.visit(patient))
        assert opened.deliver() == []  # it waits in the outbox
    opened.new_card(patient.customer)
    assert opened.deliver() == []
    with opened.books() as connection:
        collecting.release(connection, whom, "found work", "ada")
    opened.deliver()
    opened.later(minutes=1)
    opened.deliver()
    assert [opened.invoice(each)["status"] for each in held] == ["paid"] * len(held)


def test_while_a_visit_is_disputed_stripe_tries_no_card_either(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", "insufficient_funds")
    visit = opened.visit(patient)
    with opened.books() as connection:
        visits.advance(connection, visit, State.DISPUTED, opened.deed(visit, "dispute"))
    assert [each.operation for each in opened.deliver()] == ["pause_invoice"]
    opened.later(days=10)
    assert opened.invoice(visit)["attempt_count"] == 1
    assert opened.notices(patient) == []
    with opened.books() as connection:
        visits.advance(connection, visit, State.COMPLETED, opened.deed(visit, "settle"))
    assert [each.operation for each in opened.deliver()] == ["resume_invoice"]
    assert opened.deliver() == []
    opened.later(hours=2)
    assert opened.invoice(visit)["status"] == "paid"


def test_a_notice_is_taken_by_one_and_names_nobody(opened: Practice) -> None:
    patient = opened.patient("pm_card_visa", *("expired_card",) * 3)
    opened.visit(patient)
    opened.later(days=4)
    with opened.books() as mine, opened.books() as other:
        taken = []
        while found := notices.claim(mine, opened.now()):
            taken.append(found)
            notices.sent(mine, found, opened.now())
        assert patient.token in {each.patient_token for each in taken}
        assert notices.claim(other, opened.now()) is None
