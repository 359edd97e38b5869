"""What follows from where a demand stands: staff look at what is stuck, the patient is told, a new card is tried once.

Everything here goes by what stands and is unique by what it is of, so that it may be run as often as one likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.rules.demand import Standing
from ledger.rules.requests import PauseInvoice, PayInvoice, ResumeInvoice
from ledger.store import demands, holds, notices, outbox, worklist
from ledger.store.holds import Whom
from ledger.store.worklist import Kind

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

    from ledger.store.demands import Demand
    from ledger.store.holds import Hold
    from ledger.store.outbox import Row

USAGE_EXPIRES = "usage_expires"
"""Why usage that was never tried stands on the worklist: soon Stripe takes it no more."""


def follow(connection: psycopg.Connection, invoice_id: str) -> None:
    """Do what follows from where an invoice stands now. The caller commits."""
    # What comes of a card and of an invoice at one moment is seen by whoever comes second.
    connection.execute(
        "select from ledger.customer where stripe_customer_id ="
        " (select payload ->> 'customer' from ledger.stripe_object where object_id = %s) for update",
        (invoice_id,),
    )
    demand = demands.of_invoice(connection, invoice_id)
    if demand is None or demand.standing is Standing.NOT_TRIED:
        return
    if demand.standing is Standing.SETTLED:
        _settled(connection, demand)
    elif holder := holds.holder(connection, demand.patient_token, demand.visit_token):
        _leave_alone(connection, demand, holder)
    else:
        _unpaid(connection, demand)


def follow_card(connection: psycopg.Connection, customer: str) -> None:
    """Try what is open with the card a customer has on file now, where it is a new one. The caller commits."""
    for demand in demands.open_of(connection, customer):
        if demand.attempted and not holds.holder(connection, demand.patient_token, demand.visit_token):
            _try_new_card(connection, demand)


def follow_decline(connection: psycopg.Connection, customer: str) -> None:
    """Say of what is stuck why it is, since that is known now. The caller commits."""
    for demand in demands.open_of(connection, customer):
        if demand.standing.is_stuck:
            follow(connection, demand.invoice_id)


def hold(connection: psycopg.Connection, whom: Whom, practice_id: str, reason: str, made_by: str) -> Hold:
    """Ask nothing more of a patient, or for a visit, until that is ended. The caller commits.

    What waits to be said is withdrawn, and Stripe is told to leave open invoices alone.
    """
    made = holds.make(connection, whom, practice_id, reason, made_by)
    for demand in _open_under(connection, whom):
        _leave_alone(connection, demand, made.hold_id)
    return made


def release(connection: psycopg.Connection, whom: Whom, why: str, ended_by: str) -> Hold:
    """End a hold: Stripe goes on with the invoices it was told to leave alone, unless something else keeps them.

    The caller commits. Raises holds.NoSuchHold where none lasts.
    """
    ended = holds.end(connection, whom, why, ended_by)
    for demand in _open_under(connection, whom):
        _go_on(connection, demand, ended.hold_id)
    return ended


def sweep(connection: psycopg.Connection) -> None:
    """Do what follows from no webhook: of holds, of disputes, and of what time alone has made stuck in the outbox.

    Stripe is told to leave alone what is held or disputed, and to go on with what is so no more. What is stuck goes on
    the worklist, and what was sent after all comes off it. The caller commits.
    """
    for hold_ in holds.listed(connection):
        for demand in _open_under(connection, Whom(hold_.patient_token, hold_.visit_token)):
            _leave_alone(connection, demand, hold_.hold_id)
    for visit_token in holds.disputed(connection):
        for demand in _open_under(connection, Whom(visit_token=visit_token)):
            _leave_alone(connection, demand, holds.dispute(connection, visit_token))
    for pause in outbox.paused(connection):
        if found := demands.of_invoice(connection, pause.invoice):
            _go_on(connection, found, pause.hold_id)
    _sweep_outbox(connection)


def _sweep_outbox(connection: psycopg.Connection) -> None:
    for row in outbox.worklist(connection):
        _stuck(connection, row)
    for key, visit_token, practice_id in outbox.overtaken(connection):
        worklist.open_(
            connection,
            Kind.TWO_DEMANDS,
            key,
            "refused, and it had its effect all the same while another demand took its place",
            visit_token=visit_token,
            practice_id=practice_id,
        )
    for kind, states in {Kind.SEND_REFUSED: {"refused"}, Kind.SEND_STUCK: {"pending", "unknown"}}.items():
        for item in worklist.listed(connection, kinds=[kind]):
            if (state := outbox.state_of(connection, item.cause)) not in states:
                said = "it was refused, which is a row of its own" if state == "refused" else "it was sent after all"
                worklist.settle(connection, item.item_id, said)


def _settled(connection: psycopg.Connection, demand: Demand) -> None:
    for item in worklist.about(connection, demand.invoice_id):
        worklist.settle(connection, item, demand.status)
    notices.withdraw(connection, demand.invoice_id)
    if demand.status == "paid" and demand.paid_cents:
        notices.thank(connection, demand)


def _leave_alone(connection: psycopg.Connection, demand: Demand, holder: UUID) -> None:
    notices.withdraw(connection, demand.invoice_id)
    if demand.visit_token and demand.status == "open":
        pause = PauseInvoice(demand.visit_token, demand.invoice_id, holder)
        outbox.put(connection, pause, demand.practice_id or "")


def _go_on(connection: psycopg.Connection, demand: Demand, holder: UUID) -> None:
    """Let Stripe go on with what was paused for a holder that is over, unless another keeps it."""
    if holds.holder(connection, demand.patient_token, demand.visit_token) or demand.visit_token is None:
        return
    pause = PauseInvoice(demand.visit_token, demand.invoice_id, holder)
    if outbox.state_of(connection, pause.business_key):
        resume = ResumeInvoice(demand.visit_token, demand.invoice_id, holder)
        outbox.put(connection, resume, demand.practice_id or "", after=pause.business_key)
    follow(connection, demand.invoice_id)


def _unpaid(connection: psycopg.Connection, demand: Demand) -> None:
    if _try_new_card(connection, demand):
        return
    if not demand.standing.is_stuck:
        notices.withdraw(connection, demand.invoice_id)
        return
    worklist.open_(
        connection,
        Kind.PAYMENT_FAILED,
        demand.invoice_id,
        demand.standing.value,
        occasion=demand.attempts,
        visit_token=demand.visit_token,
        object_id=demand.invoice_id,
        practice_id=demand.practice_id,
    )
    notices.ask(connection, demand)


def _try_new_card(connection: psycopg.Connection, demand: Demand) -> bool:
    """Queue one try with the card on file, where that was not tried yet; tell whether it stands in the outbox.

    Which card a charge of ours was for is known; of an invoice that Stripe collected by itself a card is new where it
    came after the invoice.
    """
    if not demand.card or not demand.visit_token or demand.status != "open":
        return False
    row = connection.execute(
        """
        select not exists (
            select from ledger.outbox
            where visit_token = %(visit_token)s and attempts > 0 and arguments ->> 'payment_method' = %(card)s
        )
        and (
            (payload ->> 'created')::bigint > %(finalized_at)s
            or exists (
                select from ledger.outbox
                where visit_token = %(visit_token)s and operation = 'charge_visit'
                    and outcome ->> 'object_id' = %(invoice_id)s
            )
        )
        from ledger.stripe_object where object_id = %(card)s and object_type = 'payment_method'
        """,
        vars(demand),
    ).fetchone()
    if row is None or not row[0]:
        return False
    request = PayInvoice(demand.visit_token, demand.invoice_id, demand.card)
    outbox.put(connection, request, demand.practice_id or "")
    return outbox.state_of(connection, request.business_key) == "pending"


def _open_under(connection: psycopg.Connection, whom: Whom) -> list[Demand]:
    """Return the open demands on a patient, or for a visit."""
    customers = connection.execute(
        "select stripe_customer_id from ledger.customer where patient_token = coalesce("
        "%s, (select patient_token from ledger.visit where visit_token = %s)) for update",
        (whom.patient_token, whom.visit_token),
    ).fetchall()
    found = [demand for (customer,) in customers for demand in demands.open_of(connection, customer)]
    return [demand for demand in found if whom.visit_token in {None, demand.visit_token}]


def _stuck(connection: psycopg.Connection, row: Row) -> None:
    outcome = row.outcome or {}
    invoice = outcome.get("object_id") if row.state == "declined" else None
    if invoice and demands.of_invoice(connection, invoice):
        follow(connection, invoice)
        return
    kinds = {"declined": Kind.PAYMENT_FAILED, "refused": Kind.SEND_REFUSED}
    waits = USAGE_EXPIRES if row.is_unsent_usage else row.state
    worklist.open_(
        connection,
        kinds.get(row.state, Kind.SEND_STUCK),
        invoice or row.business_key,
        str(outcome.get("advice") or outcome.get("code") or outcome.get("why") or waits),
        visit_token=row.visit_token,
        object_id=invoice,
        practice_id=row.practice_id,
    )
