"""The outbox and the send-ledger: what is to leave, what was tried and how it ended; none of it is ever forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ledger.rules import requests
from ledger.rules.requests import MeterVisit, PauseInvoice
from ledger.rules.sending import METER_DAYS, METER_DAYS_LEFT

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from uuid import UUID

    import psycopg

    from ledger.rules.outcome import Outcome
    from ledger.rules.requests import Request


@dataclass(frozen=True)
class Claimed:
    """A row that is to be delivered, and what earlier attempts left.

    `attempt` counts from 1. `first_sent_at` is when the first of the earlier attempts was made, None where there is
    none: nothing can have reached the processor then. `failures` is how many it answered with a failure of its own,
    `in_doubt` how many may have had an effect: all but those it put off.
    `beside_tried` is how many other visits of the customer ended in the same minute and were metered or may have been,
    `beside_counted` how many of these Stripe surely counts.
    """

    outbox_id: UUID
    business_key: str
    operation: str
    arguments: dict[str, Any]
    practice_id: str
    attempt: int
    first_sent_at: datetime | None
    failures: int
    in_doubt: int
    beside_tried: int
    beside_counted: int


def put(
    connection: psycopg.Connection,
    request: Request,
    practice_id: str,
    not_before: datetime | None = None,
    *,
    after: str | None = None,
) -> UUID | None:
    """Put a request into the outbox, in the transaction of its cause; return its id, None where it was there already.

    There is one row for ever of what an effect is of (`Request.business_key`), and one demand a visit, by one channel.
    `after` is the business key of what has to have ended before this leaves.
    """
    row = connection.execute(
        "insert into ledger.outbox"
        " (business_key, operation, arguments, visit_token, practice_id, not_before, after_key)"
        " values (%s, %s, %s, %s, %s, coalesce(%s, now()), %s) on conflict do nothing returning outbox_id",
        (
            request.business_key,
            request.operation,
            Jsonb(request.document()),
            request.of_visit,
            practice_id,
            not_before,
            after,
        ),
    ).fetchone()
    return row[0] if row else None


# While a visit is disputed nothing is sent for it, whatever was queued before, but the word to Stripe to leave its
# invoices alone; while hardship holds nothing is asked; and nothing leaves before what goes before it. A subscription
# ends now when the usage of its customer is sent, since Stripe puts later usage on no invoice: for a day that waits.
_IS_HELD = """exists (
    select
    from ledger.hardship_hold as hold
    where hold.ended_at is null
        and (
            hold.visit_token = outbox.visit_token
            or hold.patient_token in (
                select patient_token from ledger.visit where visit.visit_token = outbox.visit_token
                union all
                select patient_token from ledger.customer where stripe_customer_id = outbox.arguments ->> 'customer'
            )
        )
)"""
_USAGE_COMES_FIRST = """(
    arguments ->> 'ending' = 'now' and created_at > now() - interval '1 day' and exists (
        select from ledger.outbox as usage
        where usage.operation = 'meter_visit'
            and usage.arguments ->> 'customer' = outbox.arguments ->> 'customer'
            and usage.state in ('pending', 'unknown')
            and not exists (
                select from ledger.visit where visit.visit_token = usage.visit_token and visit.state = 'disputed'
            )
    )
)"""
_WAITS = f"""(
    operation not in ('pause_invoice', 'resume_invoice')
    and exists (select from ledger.visit where visit.visit_token = outbox.visit_token and visit.state = 'disputed')
    or operation in ('charge_visit', 'debit_invoice', 'pay_invoice') and {_IS_HELD}
    or operation = 'end_subscription' and {_USAGE_COMES_FIRST}
    or exists (
        select from ledger.outbox as earlier
        where earlier.business_key = outbox.after_key and earlier.state in ('pending', 'unknown')
    )
)"""
_CLAIM = f"""
    with due as (
        select outbox_id
        from ledger.outbox
        where state in ('pending', 'unknown') and not_before <= %(now)s and not {_WAITS}
        order by not_before, created_at, outbox_id
        for update skip locked
        limit 1
    ),
    claimed as (
        update ledger.outbox
        set attempts = attempts + 1, not_before = %(now)s + %(lease)s, changed_at = %(now)s
        from due
        where outbox.outbox_id = due.outbox_id
        returning outbox.*
    ),
    tried as (
        insert into ledger.send_ledger (outbox_id, attempt, sent_at)
        select outbox_id, attempts, %(now)s from claimed
    ),
    earlier as (
        select
            min(sent_at) as first_sent_at,
            count(*) filter (where (send_outcome.outcome ->> 'answered')::boolean) as failures,
            count(*) filter (where send_outcome.outcome ->> 'outcome' is distinct from 'later') as in_doubt
        from ledger.send_ledger
        inner join claimed using (outbox_id)
        left join ledger.send_outcome using (outbox_id, attempt)
    ),
    beside as (
        select
            count(*) as beside_tried,
            count(*) filter (
                where other.state = 'done'
                    and not exists (
                        select from ledger.outbox as taken_back
                        where taken_back.visit_token = other.visit_token and taken_back.operation = 'cancel_usage'
                    )
            ) as beside_counted
        from ledger.outbox as other
        inner join claimed
            on other.operation = 'meter_visit'
            and claimed.operation = 'meter_visit'
            and other.arguments ->> 'customer' = claimed.arguments ->> 'customer'
            and other.arguments ->> 'event_name' = claimed.arguments ->> 'event_name'
            and date_trunc('minute', (other.arguments ->> 'ended_at')::timestamptz)
            = date_trunc('minute', (claimed.arguments ->> 'ended_at')::timestamptz)
            and other.outbox_id <> claimed.outbox_id
        where other.attempts > 0
    )
    select
        outbox_id, business_key, operation, arguments, practice_id, attempts as attempt, first_sent_at, failures,
        in_doubt, beside_tried, beside_counted
    from claimed cross join earlier cross join beside
"""


def claim(connection: psycopg.Connection, now: datetime, lease: timedelta) -> Claimed | None:
    """Take the next row that is due and write in the send-ledger that it is tried; None where nothing is due.

    The caller commits before it calls. Nobody else takes the row while the lease lasts; a dispatcher that was killed
    leaves it to the next one after that.
    """
    with connection.cursor(row_factory=class_row(Claimed)) as cursor:
        return cursor.execute(_CLAIM.encode(), {"now": now, "lease": lease}).fetchone()


_PLACE_IS_TAKEN = """exists (
    select from ledger.outbox as other
    where other.visit_token = outbox.visit_token and other.outbox_id <> outbox.outbox_id
        and outbox.operation in ('charge_visit', 'meter_visit') and other.operation in ('charge_visit', 'meter_visit')
        and other.state <> 'refused'
)"""


def record(
    connection: psycopg.Connection, claimed: Claimed, outcome: Outcome, now: datetime, again_at: datetime
) -> None:
    """Write how an attempt ended; the caller commits. A row that is not final is due again at `again_at`.

    The outcome of an attempt that was overtaken is kept beside it. It moves the row only where it is an effect that is
    known: what the one that overtook it may have done meanwhile, a refusal knows nothing of. Such an effect takes the
    place of a refusal too, unless another demand took the visit's place meanwhile: then there are two, for a person.
    """
    written = Jsonb(outcome.document())
    connection.execute(
        "insert into ledger.send_outcome (outbox_id, attempt, outcome, ended_at) values (%s, %s, %s, %s)",
        (claimed.outbox_id, claimed.attempt, written, now),
    )
    connection.execute(
        "update ledger.outbox"
        " set state = %(state)s, outcome = %(outcome)s, not_before = %(again_at)s, changed_at = %(now)s"
        " where outbox_id = %(outbox_id)s and ("
        "state in ('pending', 'unknown') and (attempts = %(attempt)s or %(state)s in ('done', 'declined'))"
        f" or state = 'refused' and %(state)s in ('done', 'declined') and not {_PLACE_IS_TAKEN})".encode(),
        {
            "state": outcome.state.value,
            "outcome": written,
            "again_at": again_at,
            "now": now,
            "outbox_id": claimed.outbox_id,
            "attempt": claimed.attempt,
        },
    )


@dataclass(frozen=True)
class Row:
    """A row of the outbox as it stands; `outcome` is that of its newest attempt."""

    business_key: str
    operation: str
    visit_token: UUID | None
    practice_id: str
    state: str
    attempts: int
    not_before: datetime
    changed_at: datetime
    outcome: dict[str, Any] | None

    @property
    def is_unsent_usage(self) -> bool:
        """Whether it is usage that was never tried, which Stripe takes for some weeks only."""
        return self.operation == MeterVisit.operation and not self.attempts


_ROW = (
    "select business_key, operation, visit_token, practice_id, state, attempts, not_before, changed_at, outcome"
    " from ledger.outbox"
)


def due(connection: psycopg.Connection, now: datetime) -> list[Row]:
    """Return what a dispatcher would deliver now, in its order."""
    with connection.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(
            f"{_ROW} where state in ('pending', 'unknown') and not_before <= %s and not {_WAITS}"
            " order by not_before, created_at, outbox_id".encode(),
            (now,),
        ).fetchall()


# A declined charge leaves an invoice. Where Stripe's own retries may help, it is their turn first: until a webhook says
# that there is no further one, or two weeks, their usual length, have gone by without a word. A paid one is settled.
# Usage that waits, as of a disputed visit, is told of while Stripe still takes it.
_WORKLIST = f"""
    {_ROW}
    left join ledger.stripe_object on object_id = outcome ->> 'object_id'
    where state = 'refused'
        or (
            state = 'pending' and operation = 'meter_visit'
            and (arguments ->> 'ended_at')::timestamptz < now() - interval '{METER_DAYS - METER_DAYS_LEFT} days'
        )
        or (state in ('pending', 'unknown') and attempts > 0 and created_at < now() - interval '1 day')
        or (
            state = 'declined'
            and coalesce(payload ->> 'status' in ('open', 'uncollectible'), true)
            and (
                outcome ->> 'advice' <> 'retry'
                or (
                    payload ->> 'next_payment_attempt' is null
                    and coalesce((payload ->> 'attempted')::boolean, object_id is not null)
                )
                or changed_at < now() - interval '14 days'
            )
        )
    order by changed_at, business_key
"""


def worklist(connection: psycopg.Connection) -> list[Row]:
    """Return what a person should look at: declined for good, refused, tried for a day, usage nearly too old."""
    with connection.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(_WORKLIST.encode()).fetchall()


def overtaken(connection: psycopg.Connection) -> list[tuple[str, UUID, str]]:
    """Return what was refused by its newest attempt and took effect by an earlier one: key, visit and practice."""
    return connection.execute(
        "select business_key, visit_token, practice_id from ledger.outbox where state = 'refused' and exists ("
        "select from ledger.send_outcome where send_outcome.outbox_id = outbox.outbox_id"
        " and outcome ->> 'outcome' in ('done', 'declined')) order by 1"
    ).fetchall()


def state_of(connection: psycopg.Connection, business_key: str) -> str | None:
    """Return how what an effect is of stands in the outbox, None where it was never put there."""
    row = connection.execute("select state from ledger.outbox where business_key = %s", (business_key,)).fetchone()
    return row[0] if row else None


def paused(connection: psycopg.Connection) -> list[PauseInvoice]:
    """Return what Stripe was told, or is to be told, to leave alone, and was not told since to go on with."""
    rows = connection.execute(
        "select operation, arguments from ledger.outbox"
        " where operation = 'pause_invoice' and not exists ("
        "select from ledger.outbox as resumed"
        " where resumed.business_key = replace(outbox.business_key, 'pause:', 'resume:'))"
    ).fetchall()
    return [found for row in rows if isinstance(found := requests.read(*row), PauseInvoice)]
