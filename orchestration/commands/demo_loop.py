"""One made-up visit of `trueup demo`, walked through the loop of its money with a Stripe sandbox and the real door."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid5

from dashboards.money import dollars
from orchestration.commands import load, reconcile, up, workspace
from orchestration.commands.errors import CannotRun
from orchestration.commands.output import Output, counted

if TYPE_CHECKING:
    import psycopg

    from ledger.gateways.stripe_gateway import StripeGateway
    from ledger.store.visits import Visit
    from sandbox.stripe.serving import Sandbox
    from sandbox.world.one_visit import OneVisit

ENDPOINT = "demo"
FILE = "one-visit.835"
_KEY = "sk_test_demo"
_SECRET = "whsec_demo"  # noqa: S105 - of a sandbox that lives for seconds
_TWO_MINUTES = 120


@dataclass
class Loop:
    """The visit with its Stripe account, while the demo lasts; `again` says how the repetition ended."""

    books: workspace.Workspace
    visit: "OneVisit"
    stripe: "Sandbox"
    remittance: Path
    output: Output
    again: str = ""

    def hold(self) -> None:
        """Save a card, book, start and complete the visit, charge the patient's share, load the payer's answer."""
        from ledger.rules.visit import Actor, State
        from ledger.store import customers, visits
        from ledger.store.visits import Deed

        visit, token = self.visit, self.visit.visit_token
        self._clock(visit.start - timedelta(days=3))
        customer = self._gateway().create_customer(visit.patient_token)
        with self._committed() as connection:
            customers.keep(connection, visit.patient_token, visit.practice.practice_id, customer)
        self._enter_card(customer)
        with self._committed() as connection:
            visits.book(connection, _booked(visit), Deed("demo book", Actor.PATIENT, visit.start - timedelta(days=3)))
            visits.advance(connection, token, State.STARTED, Deed("demo start", Actor.PROVIDER, visit.start))
            end = Deed("demo end", Actor.PROVIDER, visit.start + visit.length)
            visits.advance(connection, token, State.COMPLETED, end)
        self._clock(visit.start + visit.length)
        self._deliver()
        load.take_in(self.books, "era", [self.remittance], self.output, load.Loaded())

    def credit(self, as_of: date) -> None:
        """Send the memo that the reconcile issued, and hear from Stripe that it is posted there."""
        from ledger.rules.requests import Excess
        from orchestration import planning, sending
        from orchestration.days import Days

        self._clock(datetime.combine(self.visit.paid_on, datetime.min.time(), UTC))
        day = self.visit.start.date()
        with self._committed() as connection:
            found = [
                one
                for one in planning.plan(connection, as_of, Days(day, day))
                if one.visit_token == self.visit.visit_token
            ]
            list(sending.queue(connection, iter(found), Excess.REFUND))
        self._deliver()

    def repeat(self, as_of: date) -> None:
        """Let the payer's file and every webhook come once more, and see whether anything moves."""
        before = self._state()
        loaded = load.Loaded()
        load.take_in(self.books, "era", [self.remittance], self.output, loaded)
        events = [one["id"] for one in self.stripe.control.objects() if one["object"] == "event"]
        for event in events:
            self.stripe.control.redeliver(event)
        self._hear()
        self._deliver()
        outcome = reconcile.done(as_of, self.output)
        is_same = outcome.nothing_new and all(receipt.already_loaded for _, receipt in loaded.receipts)
        moved = "nothing moved" if is_same and self._state() == before else "SOMETHING MOVED: that is a defect"
        self.again = f"The same remittance and the same {counted(len(events), 'webhook')} once more: {moved}."

    def _enter_card(self, customer: str) -> None:
        """Do what the patient's browser does: give the card to Stripe, not to us."""
        import httpx

        setup, secret = self._gateway().create_setup_intent(customer, uuid5(self.visit.patient_token, "card"))
        form = {"payment_method": "pm_card_visa", "client_secret": secret}
        key = {"Authorization": "Bearer pk_test_demo"}
        httpx.post(f"{self.stripe.url}/v1/setup_intents/{setup}/confirm", data=form, headers=key).raise_for_status()
        self._hear()

    def _deliver(self) -> None:
        """Deliver the outbox, hear Stripe's webhooks, and read again what two of them of one second leave open."""
        from ledger.dispatch import Dispatcher
        from ledger.gateways.stripe_listing import StripeListing
        from ledger.sweep import sweep

        list(Dispatcher(self.books.database, self._gateway()).deliver_all(workers=1))
        self._hear()
        now = datetime.fromtimestamp(self.stripe.control.clock(advance=_TWO_MINUTES)["now"], UTC)
        with self.books.connection() as connection:
            connection.autocommit = True
            source = StripeListing(_KEY, self.stripe.url)
            list(sweep(connection, source, now - timedelta(days=1), now))

    def _gateway(self) -> "StripeGateway":
        from ledger.gateways.stripe_gateway import StripeGateway

        return StripeGateway(_KEY, self.stripe.url)

    def _hear(self) -> None:
        if self.stripe.control.drain()["waiting"]:
            raise CannotRun(
                "The sandbox's webhooks did not reach the portal's door within half a minute: run it again."
            )

    def _clock(self, moment: datetime) -> None:
        self.stripe.control.clock(now=int(moment.timestamp()), stopped=True)

    def _state(self) -> list[object]:
        """Return what a repetition must leave as it is: what Stripe holds, what was taken in, and the memos."""
        held = [one for one in self.stripe.control.objects() if one["object"] != "event"]
        with self.books.connection() as connection:
            taken_in = connection.execute(
                "select count(*) from ledger.inbox where endpoint = %s", (ENDPOINT,)
            ).fetchone()
            memos = connection.execute("select count(*), sum(amount_cents) from ledger.memos").fetchone()
        return [held, taken_in, memos]

    @contextlib.contextmanager
    def _committed(self) -> "Iterator[psycopg.Connection]":
        with self.books.connection() as connection:
            yield connection
            connection.commit()


@contextlib.contextmanager
def opened(books: workspace.Workspace, folder: Path, output: Output) -> Iterator[Loop | None]:
    """Open the sandbox and the door for the visit; None where it was walked through, or the sandbox is not there."""
    from sandbox.stripe.spec import lacking
    from sandbox.world.one_visit import VISIT, remittance

    with books.connection() as connection:
        is_done = is_held(connection)
    if is_done:
        yield None
        return
    if missing := lacking():
        output.message(f"One visit is not walked through the loop. {missing}")
        yield None
        return
    from portal_api.app import create_app
    from sandbox.stripe.serving import served

    settings = replace(books.settings, webhook_secrets={ENDPOINT: _SECRET}, stripe_is_live=False)
    file = folder / FILE
    file.write_bytes(remittance(VISIT))
    door = up.listening(0, "")
    with up.in_thread("portal", create_app(settings, books.database), door) as server, served() as stripe:
        while not server.started:
            time.sleep(0.01)
        address = f"http://{up.LOOPBACK}:{door.getsockname()[1]}/webhooks/stripe/{ENDPOINT}"
        stripe.control.endpoint(address, _SECRET)
        yield Loop(books, VISIT, stripe, file, output)


def _booked(visit: "OneVisit") -> "Visit":
    from ledger.store.visits import Visit

    return Visit(
        visit_token=visit.visit_token,
        patient_token=visit.patient_token,
        practice_id=visit.practice.practice_id,
        provider_id=visit.practice.provider_ids[0],
        service_category=1,
        service_code=visit.service_code,
        modifiers="95",
        place_of_service=visit.place,
        scheduled_start=visit.start,
        scheduled_end=visit.start + visit.length,
        charge_cents=visit.charge_cents,
        patient_estimate_cents=visit.estimate_cents,
        payer_id=visit.payer_id,
        claim_ref=visit.claim_ref,
        state_changed_at=visit.start - timedelta(days=3),
    )


_STORY = """
select
    visit.charge_cents, visit.patient_billed_cents, visit.payer_paid_cents, visit.patient_responsibility_cents,
    visit.memo_cents, visit.patient_collected_cents, visit.patient_balance_cents,
    charge.outcome ->> 'object_id', note.outcome ->> 'object_id', memos.posting_status
from marts.visit_revenue as visit
inner join marts.memos as memos on visit.visit_token = memos.visit_token
inner join ledger.outbox as charge on visit.visit_token = charge.visit_token and charge.operation = 'charge_visit'
inner join ledger.outbox as note on 'memo:' || memos.memo_id = note.business_key
where visit.visit_token = %s
"""
_COLUMNS = (
    *("charge_cents", "billed_cents", "payer_paid_cents", "patient_responsibility_cents", "memo_cents"),
    *("collected_cents", "balance_cents", "invoice", "credit_note", "posting_status"),
)


def is_held(connection: "psycopg.Connection") -> bool:
    """Tell whether these books have the visit, as far as it came."""
    from sandbox.world.one_visit import VISIT

    found = connection.execute("select from ledger.visit where visit_token = %s", (VISIT.visit_token,))
    return found.fetchone() is not None


def told(connection: "psycopg.Connection") -> dict[str, object] | None:
    """Return the visit's story from the books; None where it has none, or was broken off."""
    from sandbox.world.one_visit import VISIT

    row = connection.execute(_STORY, (VISIT.visit_token,)).fetchone()
    return {"visit_token": VISIT.visit_token, **dict(zip(_COLUMNS, row, strict=True))} if row else None


def show(story: dict[str, object], again: str, output: Output) -> None:
    """Tell the story to a person."""
    from sandbox.world.one_visit import VISIT

    said = {name: dollars(value) if isinstance(value, int) else value for name, value in story.items()}
    output.line()
    output.line(f"ONE VISIT, FROM BOOKING TO LEVEL BOOKS ({VISIT.visit_token}; Stripe is a sandbox on this machine)")
    output.line()
    for day, sentence in (
        (
            VISIT.start.date(),
            "Booked and completed; list price {charge_cents}. The patient's share is estimated and",
        ),
        ("", "charged to the card on file: {billed_cents}, Stripe's invoice {invoice}."),
        (VISIT.paid_on, "The payer pays {payer_paid_cents} and leaves {patient_responsibility_cents} to the patient."),
        ("", "Reconciled: a memo of {memo_cents}. It is sent to Stripe: credit note {credit_note}."),
        ("", "Stripe's webhook comes back: the memo is {posting_status}."),
        ("", "Asked for {billed_cents}, memo {memo_cents}, collected {collected_cents}: balance {balance_cents}."),
        ("", again),
    ):
        if sentence:
            output.line(f"  {day!s:10}  {sentence.format(**said)}")
