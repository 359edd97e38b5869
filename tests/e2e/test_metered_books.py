"""Metered visits in the books: asked for as they are sent, paid with the subscription's invoice, levelled by memos.

An invoice that is void, or that nobody expects to be paid, is seen as that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from ingestion import landing
from ingestion.era835 import load as era835
from ingestion.era835.archive import Archive
from ledger.rules.requests import Excess
from ledger.rules.visit import Actor, State
from ledger.settings import Settings
from ledger.store import visits
from ledger.store.visits import Deed
from orchestration import planning, sending
from orchestration.reconcile import Outcome, reconcile
from tests.support.product_run import Product
from tests.support.remittance_writer import Claim, Line, Payment, interchange
from tests.support.subscribed import Club, Member, club

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from ledger.store.database import Database

CLAIM = "7QKMV3D8X0TB5RHGY"
INSURED: dict[str, Any] = {"payer_id": "PAYER", "patient_estimate_cents": 7_500, "claim_ref": CLAIM}
JOURNAL = "select source_kind, source_id, version, accounts::text, amounts from ledger.journal order by 1, 2, 3"
# The first invoice is made and paid within a second: which version of it the books have hangs on what is read again.
LATER = " period > (select min(unified.period) from marts.unified_revenue as unified)"
SIDE_BY_SIDE = (
    "select sum(subscription_billed_cents), sum(subscription_cash_cents), sum(visit_cash_cents)"
    " from marts.unified_revenue where" + LATER
)
OWED = "select sum(debit_cents - credit_cents)::bigint from marts.revenue_feed where account = "


@dataclass
class Books:
    """The books of the practice, reconciled as of the day it is at Stripe."""

    opened: Club
    product: Product

    def reconcile(self, *, whole: bool = False) -> Outcome:
        """Reconcile once."""
        day = self.opened.now().date()
        return reconcile(self.product.settings, self.product.database, as_of=day, on_step=lambda *_: None, whole=whole)

    def planned(self) -> dict[UUID, tuple[str, int, str]]:
        """Return what would be sent for each visit, how much and why."""
        with self.opened.books.transaction():
            rows = list(planning.plan(self.opened.books, self.opened.now().date()))
        return {each.visit_token: (each.decision.action.value, *each.decision[1:]) for each in rows}

    def amounts(self) -> dict[UUID, tuple[int, int, int, int]]:
        """Return what each visit billed, collected, has as memos and leaves open."""
        rows = self.opened.books.execute(
            "select visit_token, patient_billed_cents, patient_collected_cents, memo_cents, patient_balance_cents"
            " from marts.visit_revenue"
        )
        return {row[0]: row[1:] for row in rows}

    def moved(self) -> dict[UUID, tuple[int, int, int, int]]:
        """Return the amounts of visits that have any."""
        return {visit: cents for visit, cents in self.amounts().items() if any(cents)}

    def figure(self, query: str) -> Any:
        """Return the one row of a query."""
        return self.opened.books.execute(query.encode()).fetchone()

    def remit(self, folder: Path) -> None:
        """Load what a payer decided of the insured visit: 100.00 allowed of 150.00, 25.00 left to the patient."""
        day = self.opened.now().date()
        line = Line("90837", 15_000, 7_500, (), (("CO", "45", 5_000), ("PR", "2", 2_500)), on=day)
        claim = Claim(CLAIM, 15_000, 7_500, 2_500, lines=(line,))
        path = folder / "remit.835"
        path.write_bytes(interchange((Payment("METER1", (claim,), paid_on=day),)))
        with self.opened.books.transaction():
            landing.ensure_schema(self.opened.books)
            list(era835.load(self.opened.books, path, Archive(folder / "archive", bytes(32))))


@pytest.fixture(name="books")
def _books(database: Database, tmp_path: Path) -> Iterator[Books]:
    with club(database, tmp_path) as opened:
        settings = Settings(home=tmp_path / "home", database_url=database.url)
        yield Books(opened, Product(database, settings))


def put_right(opened: Club, visit: UUID, to: State) -> None:
    """Have staff put a visit right that is over."""
    with opened.books.transaction():
        visits.advance(opened.books, visit, to, Deed(f"{visit}/{to}", Actor.STAFF, opened.now(), "It was not so."))


@pytest.mark.timeout(900)
def test_a_metered_visit_is_billed_as_it_is_sent_and_paid_with_its_subscription(books: Books, tmp_path: Path) -> None:
    opened = books.opened
    member = opened.member()
    insured = opened.visit(member, **INSURED)
    sent, late, taken_back, redone = (opened.visit(member) for _ in range(4))
    what_is_sent_is_billed(books)

    # What is taken back is not billed; what is too old for that is billed and not billable: a memo.
    sent_long_ago = "update ledger.outbox set changed_at = now() - interval '25 hours' where visit_token = %s"
    opened.books.execute(sent_long_ago, (late,))
    for visit in (late, taken_back, redone):
        put_right(opened, visit, State.NO_SHOW)
    assert [each.operation for each in opened.deliver()] == ["cancel_usage"] * 2
    put_right(opened, redone, State.COMPLETED)
    assert opened.deliver() == []
    books.remit(tmp_path)
    assert books.reconcile().memos == 2
    # Usage stands in no file: what differs names it as the outbox does.
    asked = "select other_file_sha256, other_position from marts.input_tieout where check_name = 'rule_and_demand'"
    assert books.figure(f"{asked} and source_id = '{late}'") == (None, f"meter:{late}")
    assert books.amounts() == {
        sent: (7_500, 0, 0, 7_500),
        late: (7_500, 0, -7_500, 0),
        taken_back: (0, 0, 0, 0),
        redone: (0, 0, 0, 0),
        insured: (7_500, 0, -5_000, 2_500),
    }
    not_yet = "Its usage is on no invoice yet"
    expected = {
        sent: ("nothing", 0, "Nothing is due"),
        late: ("blocked", 7_500, not_yet),
        taken_back: ("nothing", 0, "Nothing is due"),
        redone: ("blocked", 15_000, "Its usage was taken back"),
        insured: ("blocked", 5_000, not_yet),
    }
    planned = books.planned()
    assert {visit: planned[visit][:2] for visit in expected} == {visit: each[:2] for visit, each in expected.items()}
    assert all(planned[visit][2].startswith(why) for visit, (_, _, why) in expected.items())
    leaks = opened.books.execute("select visit_token, category from marts.leaks").fetchall()
    assert sorted(leaks) == sorted([(redone, "completed_not_billed"), (late, "billed_not_billable")])

    the_invoice_pays_its_visits(books, member)
    assert books.moved() == {
        sent: (7_500, 7_500, 0, 0),
        late: (7_500, 7_500, -7_500, -7_500),
        insured: (7_500, 7_500, -5_000, -5_000),
    }
    credit_notes_leave_nothing_over(books)
    assert books.moved() == {
        sent: (7_500, 7_500, 0, 0),
        late: (7_500, 0, -7_500, 0),
        insured: (7_500, 2_500, -5_000, 0),
    }
    assert {each[0] for visit, each in books.planned().items() if visit != redone} == {"nothing"}
    part_by_part_is_all_at_once(books)


def what_is_sent_is_billed(books: Books) -> None:
    """Have five visits metered, which neither a file nor a webhook tells the books of."""
    assert not books.reconcile().nothing_new
    assert set(books.amounts().values()) == {(0, 0, 0, 0)}
    assert [each.outcome.state for each in books.opened.deliver()] == ["done"] * 5
    assert not books.reconcile().nothing_new
    assert books.reconcile().nothing_new
    assert set(books.amounts().values()) == {(7_500, 0, 0, 7_500)}
    assert {each[0] for each in books.planned().values()} == {"nothing"}


def the_invoice_pays_its_visits(books: Books, member: Member) -> None:
    """Have the invoice go out; 49.00 of it are no visit's."""
    opened = books.opened
    opened.end_the_period(member)
    opened.pass_time(hours=2)
    invoice = opened.invoice(member)["id"]
    assert (opened.invoice(member)["status"], opened.invoice(member)["total"]) == ("paid", 27_400)
    books.reconcile()
    invoiced = "select invoiced_cents, residual_cents from marts.subscription_invoices where invoice_id = "
    assert books.figure(f"{invoiced}'{invoice}'") == (4_900, 0)
    assert books.figure("select quantity, visits, difference, status from marts.metered_lines where quantity > 0") == (
        3,
        3,
        0,
        "tied",
    )
    assert books.figure(SIDE_BY_SIDE) == (4_900, 4_900, 22_500)


def credit_notes_leave_nothing_over(books: Books) -> None:
    """Post what the memos say on that invoice, and give the money back."""
    opened = books.opened
    with opened.books.transaction():
        planned = planning.plan(opened.books, opened.now().date())
        assert len(list(sending.queue(opened.books, planned, Excess.REFUND))) == 3  # one is held
    assert [(each.operation, each.outcome.state) for each in opened.deliver()] == [("credit_invoice", "done")] * 2
    books.reconcile()
    assert books.figure(SIDE_BY_SIDE) == (4_900, 4_900, 10_000)
    assert books.figure(OWED + "'patient_receivable'") == (0,)
    assert books.figure(OWED + "'subscription_receivable' and" + LATER) == (0,)


def part_by_part_is_all_at_once(books: Books) -> None:
    """Make everything anew, and find every table and the journal as they were."""
    in_parts, journal = books.product.tables(), books.product.rows(JOURNAL)
    assert books.reconcile(whole=True).memos == 0
    at_once = books.product.tables()
    assert in_parts.keys() == at_once.keys()
    for table, rows in at_once.items():
        assert in_parts[table] == rows, table
    assert books.product.rows(JOURNAL) == journal


@pytest.mark.timeout(600)
def test_usage_on_a_void_invoice_is_billed_no_more_and_on_an_uncollectible_one_given_up(
    books: Books, tmp_path: Path
) -> None:
    opened = books.opened
    member, other = opened.member(), opened.member()
    alone, insured, given_up = opened.visit(member), opened.visit(member, **INSURED), opened.visit(other)
    opened.deliver()
    books.remit(tmp_path)
    for each in (member, other):
        card_that_is_declined(opened, each)
    opened.end_the_period(member)
    opened.pass_time(hours=2)
    void, uncollectible = opened.invoice(member), opened.invoice(other)
    assert (void["status"], uncollectible["status"]) == ("open", "open")
    assert books.reconcile().memos == 1
    asked = {alone: (7_500, 0, 0, 7_500), given_up: (7_500, 0, 0, 7_500), insured: (7_500, 0, -5_000, 2_500)}
    assert books.amounts() == asked

    opened.client.v1.invoices.void_invoice(void["id"])
    opened.client.v1.invoices.mark_uncollectible(uncollectible["id"])
    opened.pass_time(seconds=2)
    told_late = opened.visit(member, ago=timedelta(hours=3))
    closed = visits.close_out(opened.books, told_late)
    assert closed is not None
    assert closed.channel == "invoice"  # of a period whose invoice is void, usage would be on none
    books.reconcile()
    # The payer left 25.00 to the patient: what was credited on the void invoice is asked for by a memo.
    assert {visit: books.amounts()[visit] for visit in asked} == {
        alone: (0, 0, 0, 0),
        given_up: (7_500, 0, 0, 7_500),
        insured: (0, 0, 2_500, 2_500),
    }
    found = "select category, evidence ->> 'voided_invoice' from marts.leaks where visit_token = "
    assert books.figure(f"{found}'{alone}'") == ("completed_not_billed", void["id"])
    demands = "select what, amount_cents, details ->> 'invoice_id' from marts.visit_story where kind = 'demand' and "
    assert books.figure(f"{demands} visit_token = '{alone}'") == ("usage_void", None, void["id"])
    assert books.figure(OWED + "'bad_debt'") == (7_500,)
    written_off = "select sum(written_off_cents)::bigint from marts.ar_ageing where payer_id = 'patient'"
    assert books.figure(written_off) == (7_500,)
    planned = books.planned()
    assert planned[alone][:2] == ("blocked", 15_000)
    assert planned[alone][2].startswith("The invoice that asked for its usage is void")
    assert planned[given_up][:2] == ("nothing", 0)
    part_by_part_is_all_at_once(books)


def card_that_is_declined(opened: Club, member: Member) -> None:
    """Have a subscriber's next invoice declined."""
    method = opened.client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": member.customer}).id
    opened.gateway.choose_card(member.customer, method, uuid4())
