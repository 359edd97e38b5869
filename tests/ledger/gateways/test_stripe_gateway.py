"""Every request at the Stripe sandbox, which checks each call against Stripe's own specification; faults included."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import stripe

from ledger.gateways.stripe_calls import Attempt, KeyRefused
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.rules.outcome import Advice, Declined, Done, Later, Outcome, Refused, Unknown
from ledger.rules.requests import (
    CancelUsage,
    ChargeVisit,
    CreditBalance,
    CreditInvoice,
    DebitInvoice,
    Excess,
    MeterVisit,
    Request,
)
from sandbox.stripe.serving import Sandbox, served

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclasses.dataclass(frozen=True)
class Account:
    """A sandbox with a customer who has a card, a meter, and the gateway to it."""

    sandbox: Sandbox
    client: stripe.StripeClient
    gateway: StripeGateway
    customer: str
    card: str

    def perform(self, request: Request, *, again: Attempt | None = None) -> Outcome:
        return self.gateway.perform(request, again or Attempt(uuid4()))

    def charge(self, cents: int = 4200, card: str | None = None) -> ChargeVisit:
        return ChargeVisit(uuid4(), self.customer, cents, card, "10")

    def paid(self, cents: int = 4200) -> str:
        outcome = self.perform(self.charge(cents))
        assert isinstance(outcome, Done)
        return outcome.object_id

    def declining(self, code: str) -> str:
        """Return a card of the customer whose next charges are declined."""
        method = self.client.v1.payment_methods.attach("pm_card_visa", {"customer": self.customer})
        self.sandbox.control.card(method.id, [code] * 9)
        return method.id


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with served() as sandbox:
        client = stripe.StripeClient("sk_test_x", base_addresses={"api": sandbox.url}, max_network_retries=0)
        gateway = StripeGateway("sk_test_x", sandbox.url)
        customer = gateway.create_customer(uuid4())
        card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
        gateway.choose_card(customer, card, uuid4())
        client.v1.billing.meters.create(
            {
                "display_name": "Visits",
                "event_name": "visit_category_1",
                "default_aggregation": {"formula": "sum"},
                "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
                "value_settings": {"event_payload_key": "value"},
            }
        )
        yield Account(sandbox, client, gateway, customer, card)


def test_a_patient_is_a_customer_with_nothing_on_it(account: Account) -> None:
    patient = uuid4()
    made = account.gateway.create_customer(patient)
    assert account.gateway.create_customer(patient) == made  # one key for a token
    found = account.client.v1.customers.retrieve(made).to_dict()
    assert (found["name"], found["email"], found["phone"], found["metadata"]) == (None, None, None, {})
    assert str(patient) not in str(found)


def test_a_setup_intent_is_for_charges_when_the_patient_is_away(account: Account) -> None:
    made, secret = account.gateway.create_setup_intent(account.customer, uuid4())
    found = account.client.v1.setup_intents.retrieve(made)
    assert (found.usage, found.customer) == ("off_session", account.customer)
    assert secret.startswith(made)


def test_a_charge_is_an_invoice_that_smart_retries_can_work_on(account: Account) -> None:
    request = account.charge()
    outcome = account.perform(request)
    assert isinstance(outcome, Done)
    invoice = account.client.v1.invoices.retrieve(outcome.object_id).to_dict()
    assert (invoice["status"], invoice["total"], invoice["amount_paid"]) == ("paid", 4200, 4200)
    assert (invoice["collection_method"], invoice["auto_advance"]) == ("charge_automatically", True)
    assert invoice["metadata"] == {"visit_token": str(request.visit_token), "place_of_service": "10"}
    assert [line["description"] for line in invoice["lines"]["data"]] == ["Practice visit"]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("insufficient_funds", Advice.RETRY),
        ("expired_card", Advice.NEW_CARD),
        ("stolen_card", Advice.NEVER),
        ("authentication_required", Advice.AUTHENTICATE),
    ],
)
def test_a_declined_charge_stands_as_an_open_invoice(account: Account, code: str, advice: Advice) -> None:
    outcome = account.perform(account.charge(card=account.declining(code)))
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.advice) == (code, advice)
    invoice = account.client.v1.invoices.retrieve(outcome.object_id)
    assert (invoice.status, invoice.auto_advance, invoice.attempt_count) == ("open", True, 1)


def test_a_charge_below_the_minimum_is_carried_and_says_so(account: Account) -> None:
    patient = account.gateway.create_customer(uuid4())
    outcome = account.perform(ChargeVisit(uuid4(), patient, 30))
    assert isinstance(outcome, Done)
    assert outcome.facts == {"status": "paid", "paid_cents": 0, "carried_cents": 30}


def test_a_credit_lowers_what_is_unpaid_first_and_then_goes_where_the_practice_chooses(account: Account) -> None:
    now = datetime(2026, 10, 31, 22, 0, tzinfo=UTC)
    unpaid = account.perform(account.charge(card=account.declining("insufficient_funds")))
    assert isinstance(unpaid, Declined)
    for invoice, excess, facts, amounts in (
        (unpaid.object_id, Excess.REFUND, (1200, 0), (0, 0)),
        (account.paid(), Excess.BALANCE, (0, 1200), (1200, 0)),
        (account.paid(), Excess.REFUND, (0, 1200), (0, 1200)),
    ):
        request = CreditInvoice(uuid4(), uuid4(), invoice, 1200, now, excess)
        outcome = account.perform(request)
        assert isinstance(outcome, Done)
        assert (outcome.facts["unpaid_cents"], outcome.facts["excess_cents"]) == facts
        note = account.client.v1.credit_notes.retrieve(outcome.object_id).to_dict()
        balance = (note["customer_balance_transaction"] is not None) * 1200
        assert (balance, sum(each["amount_refunded"] for each in note["refunds"])) == amounts
        assert note["effective_at"] == int(now.timestamp())
        assert note["metadata"] == {"visit_token": str(request.visit_token), "memo_id": str(request.memo_id)}


def test_credits_sum_to_the_invoice_at_most(account: Account) -> None:
    invoice = account.paid(5000)
    credit = CreditInvoice(uuid4(), uuid4(), invoice, 3000, datetime.now(UTC))
    assert isinstance(account.perform(credit), Done)
    assert isinstance(account.perform(dataclasses.replace(credit, memo_id=uuid4())), Refused)
    assert isinstance(account.perform(dataclasses.replace(credit, memo_id=uuid4(), amount_cents=2000)), Done)


def test_a_debit_memo_is_an_open_invoice_of_its_own(account: Account) -> None:
    patient = account.gateway.create_customer(uuid4())
    request = DebitInvoice(uuid4(), uuid4(), patient, 700, datetime.now(UTC))
    outcome = account.perform(request)
    assert isinstance(outcome, Done)
    invoice = account.client.v1.invoices.retrieve(outcome.object_id).to_dict()
    assert (invoice["status"], invoice["total"], invoice["auto_advance"]) == ("open", 700, True)
    assert invoice["metadata"] == {"visit_token": str(request.visit_token), "memo_id": str(request.memo_id)}
    assert invoice["effective_at"] == int(request.effective_at.timestamp())


def test_usage_is_counted_once_and_can_be_cancelled(account: Account) -> None:
    patient = account.gateway.create_customer(uuid4())
    request = MeterVisit(uuid4(), patient, "visit_category_1", datetime.now(UTC) - timedelta(minutes=3))
    assert account.perform(request) == Done(str(request.visit_token))
    # Another key, the same visit: Stripe knows the identifier.
    assert account.perform(request) == Done(str(request.visit_token))
    assert usage(account, request) == 1
    assert isinstance(account.perform(CancelUsage(request.visit_token, "visit_category_1")), Done)
    assert usage(account, request) == 0


def test_usage_of_another_month_is_refused(account: Account) -> None:
    late = MeterVisit(uuid4(), account.customer, "visit_category_1", datetime.now(UTC) - timedelta(days=36))
    assert isinstance(account.perform(late), Refused)


def usage(account: Account, request: MeterVisit) -> int:
    (meter,) = account.client.v1.billing.meters.list().data
    start = int(request.ended_at.timestamp()) // 60 * 60
    window = {"customer": request.customer, "start_time": start, "end_time": start + 60}
    summaries = account.client.v1.billing.meters.event_summaries.list(meter.id, window)
    return int(sum(summary.aggregated_value for summary in summaries.data))


FAULTS = {"error": Unknown, "rate_limit": Later, "lost_before": Unknown, "lost_after": Unknown}
OPERATIONS = {
    "PostInvoices": ChargeVisit,
    "PostInvoiceitems": ChargeVisit,
    "GetInvoicesInvoice": ChargeVisit,
    "PostInvoicesInvoiceFinalize": ChargeVisit,
    "PostInvoicesInvoicePay": ChargeVisit,
    "GetCreditNotesPreview": CreditInvoice,
    "PostCreditNotes": CreditInvoice,
    "PostCustomersCustomerBalanceTransactions": CreditBalance,
    "PostBillingMeterEvents": MeterVisit,
}


@pytest.mark.parametrize("hours", [0, 26])
@pytest.mark.parametrize("mode", FAULTS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_fault_at_any_call_leaves_one_effect(account: Account, operation: str, mode: str, hours: int) -> None:
    """In time and when the keys are forgotten: `tried_since` is what the send-ledger would say."""
    patient = account.gateway.create_customer(uuid4())
    card = account.client.v1.payment_methods.attach("pm_card_visa", {"customer": patient}).id
    account.gateway.choose_card(patient, card, uuid4())
    kind = OPERATIONS[operation]
    request: Request = ChargeVisit(uuid4(), patient, 4200)
    if kind is CreditInvoice:
        invoice = account.perform(request)
        assert isinstance(invoice, Done)
        request = CreditInvoice(request.visit_token, uuid4(), invoice.object_id, 4200, datetime.now(UTC))
    elif kind is CreditBalance:
        request = CreditBalance(uuid4(), uuid4(), patient, 4200)
    elif kind is MeterVisit:
        now = datetime.fromtimestamp(account.sandbox.control.clock()["now"], UTC)
        request = MeterVisit(uuid4(), patient, "visit_category_1", now)
    account.sandbox.control.fault(operation, mode)
    first = Attempt(uuid4())
    began = datetime.fromtimestamp(account.sandbox.control.clock()["now"], UTC)
    outcome = account.perform(request, again=first)
    assert isinstance(outcome, FAULTS[mode])
    account.sandbox.control.clock(advance=hours * 3600)
    later = datetime.fromtimestamp(account.sandbox.control.clock()["now"], UTC)
    gateway = StripeGateway("sk_test_x", account.sandbox.url, lambda: later)
    failures = int(isinstance(outcome, Unknown) and outcome.answered)
    again = gateway.perform(request, dataclasses.replace(first, tried_since=began, failures=failures))
    assert isinstance(again, Done)
    assert effect(account, request, patient) == (1 if kind is MeterVisit else 4200)


def effect(account: Account, request: Request, patient: str) -> int:
    """Return what a request brought about, in cents or visits."""
    if isinstance(request, ChargeVisit):
        charges = account.client.v1.charges.list({"customer": patient}).data
        return sum(charge.amount for charge in charges if charge.status == "succeeded")
    if isinstance(request, CreditInvoice):
        notes = account.client.v1.credit_notes.list({"invoice": request.invoice}).data
        return sum(note.amount for note in notes)
    if isinstance(request, CreditBalance):
        return -(account.client.v1.customers.retrieve(patient).balance or 0)
    assert isinstance(request, MeterVisit)
    return usage(account, request)


def test_an_answer_that_is_cut_off_is_no_refusal() -> None:
    """The call may have had its effect; the key stays, so that Stripe says again what came of it."""

    class CutOff(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"id": "cbtxn_1')

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), CutOff) as server:
        threading.Thread(target=server.serve_forever).start()
        gateway = StripeGateway("sk_test_x", f"http://127.0.0.1:{server.server_port}")
        outcome = gateway.perform(CreditBalance(uuid4(), uuid4(), "cus_ABCDEFGH12", 4200), Attempt(uuid4()))
        server.shutdown()
    assert isinstance(outcome, Unknown)
    assert not outcome.answered


def test_a_key_that_is_refused_is_told(account: Account) -> None:
    with pytest.raises(KeyRefused):
        StripeGateway("sk_nonsense", account.sandbox.url).perform(account.charge(), Attempt(uuid4()))
