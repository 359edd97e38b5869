"""What is to be sent to Stripe for every visit, from the books of the last reconcile and the outbox; sends nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from ledger.rules.sending import CANCEL_WITHIN, Channel, Decision, Invoice, Sent, Standing, Usage, what_to_send
from orchestration import ops
from orchestration.days import Days

# One row a memo that is not posted yet, else one row a visit. An object that posts a memo is no demand of its own.
_STANDINGS = """
    with usage as (
        select lines.*, invoices.payload ->> 'status' as status, (invoices.payload ->> 'total')::bigint as total_cents
        from intermediate.int_usage__lines as lines
        left join staging.stg_stripe__objects as invoices on lines.invoice_id = invoices.object_id
    ),

    demands as (
        select
            (payload -> 'metadata' ->> 'visit_token')::uuid as visit_token,
            object_type = 'invoice' as is_invoice,
            payload ->> 'status' as status,
            object_id,
            (payload ->> 'total')::bigint as total_cents,
            payload ->> 'customer' as customer,
            null::bigint as most_cents
        from staging.stg_stripe__objects
        where object_type in ('invoice', 'payment_intent', 'charge')
            and payload -> 'metadata' ->> 'visit_token' is not null
            and payload -> 'metadata' ->> 'memo_id' is null
        union all
        -- Of an invoice that asks for more than the visit, no more than the visit's part is given back.
        select visit_token, true, status, invoice_id, total_cents, customer_id, expected_cents
        from usage
        where invoice_id is not null
    ),

    given_back as (
        select
            payload ->> 'invoice' as invoice_id,
            sum(coalesce((payload ->> 'total')::bigint, (payload ->> 'amount')::bigint)) as cents
        from staging.stg_stripe__objects
        where object_type = 'credit_note' and payload ->> 'status' is distinct from 'void'
        group by 1
    ),

    asked as (
        select
            demands.visit_token,
            -- The invoice that holds most: a credit note is of one invoice.
            (
                array_agg(object_id order by total_cents - coalesce(given_back.cents, 0) desc, object_id)
                filter (where is_invoice and status in ('open', 'paid', 'uncollectible'))
            )[1] as finalised_id,
            min(object_id) filter (where is_invoice and status = 'draft') as draft_id,
            min(object_id) filter (where is_invoice and status = 'void') as void_id,
            max(least(total_cents - coalesce(given_back.cents, 0), most_cents)) filter (
                where is_invoice and status in ('open', 'paid', 'uncollectible')
            ) as creditable_cents,
            min(demands.customer) as customer,
            bool_or(most_cents is null) as is_own
        from demands
        left join given_back on demands.object_id = given_back.invoice_id
        group by demands.visit_token
    ),

    used as (
        select
            lines.visit_token,
            min(lines.invoice_id) as invoice_id,
            sum(lines.amount_cents) as cents,
            bool_or(invoices.payload ->> 'status' <> 'draft') as is_invoiced
        from staging.stg_stripe__invoice_lines as lines
        inner join staging.stg_stripe__objects as invoices on lines.invoice_id = invoices.object_id
        where lines.is_metered and lines.visit_token is not null and invoices.payload ->> 'status' <> 'void'
            and lines.visit_token not in (select visit_token from usage)
        group by lines.visit_token
        union all
        select visit_token, invoice_id, amount_cents, invoice_id is not null from usage
    ),

    issued as (
        select
            visit_token,
            memo_id,
            issued_at,
            posting_status,
            case kind when 'debit' then amount_cents else -amount_cents end as memo_cents,
            sum(amount_cents) filter (where kind = 'credit' and posting_status = 'pending') over (
                partition by visit_token order by issued_at, memo_id rows between unbounded preceding and 1 preceding
            ) as credited_before_cents
        from marts.memos
    ),

    memoed as (
        select distinct visit_token from marts.memos
    ),

    demanded as (
        select distinct on (visit_token)
            visit_token, operation, state, attempts, changed_at, (arguments ->> 'unit_cents')::bigint as unit_cents
        from ledger.outbox
        where operation in ('charge_visit', 'meter_visit')
        order by visit_token, state = 'refused', created_at desc
    ),

    taken_back as (
        select visit_token from ledger.outbox where operation = 'cancel_usage' and state <> 'refused'
    ),

    -- Stripe told of their invoices, payments or credit notes, and the books have not got it.
    told as (
        select distinct
            coalesce(
                event.payload -> 'metadata' ->> 'visit_token', paid.payload -> 'metadata' ->> 'visit_token'
            )::uuid as visit_token
        from ledger.inbox as event
        left join ledger.stripe_object as paid on paid.object_id in (
            event.payload ->> 'invoice', event.payload ->> 'payment_intent', event.payload ->> 'charge'
        )
        where not event.is_landed
    ),

    known as (
        select
            visit.visit_token, visit.service_category, visit.ended_at, customer.stripe_customer_id,
            visit_close_out.channel
        from ledger.visit
        left join ledger.customer on visit.patient_token = customer.patient_token
        left join ledger.visit_close_out on visit.visit_token = visit_close_out.visit_token
    )

    select
        visits.visit_token,
        visits.practice_id,
        visits.service_on,
        pending.memo_id,
        pending.issued_at,
        coalesce(asked.customer, known.stripe_customer_id) as customer,
        known.service_category,
        known.ended_at,
        known.channel,
        demanded.operation as demanded_by,
        demanded.state as demand_state,
        demanded.attempts as demand_attempts,
        demanded.changed_at as demanded_at,
        memo_sent.state as memo_state,
        coalesce(finalised_id, draft_id, void_id, used.invoice_id) as invoice_id,
        visits.on_hold as is_disputed,
        visits.bills,
        coalesce(asked.is_own, false) as is_asked,
        used.visit_token is not null as is_used,
        usage.visit_token is not null as is_counted,
        coalesce(usage.is_void, false) as is_voided,
        told.visit_token is not null as is_told_of,
        taken_back.visit_token is not null as is_taken_back,
        visits.patient_target_cents = 0 as owes_nothing,
        coalesce(used.cents, demanded.unit_cents, 0)::bigint as usage_cents,
        coalesce(used.is_invoiced, false) as period_is_invoiced,
        coalesce(pending.memo_cents, 0)::bigint as memo_cents,
        case
            when visits.patient_billed_cents = 0 and memoed.visit_token is null then visits.patient_target_cents
            else 0
        end as level_cents,
        case when visits.ended_on <= %(as_of)s then %(as_of)s - visits.ended_on end as days_ago,
        case
            when finalised_id is not null then 'finalised'
            when draft_id is not null then 'draft'
            when void_id is not null then 'void'
            else 'none'
        end as invoice,
        greatest(coalesce(asked.creditable_cents, 0) - coalesce(pending.credited_before_cents, 0), 0)::bigint
            as creditable_cents
    from intermediate.int_visits__amounts as visits
    left join asked on visits.visit_token = asked.visit_token
    left join used on visits.visit_token = used.visit_token
    left join usage on visits.visit_token = usage.visit_token
    left join memoed on visits.visit_token = memoed.visit_token
    left join issued as pending on visits.visit_token = pending.visit_token and pending.posting_status = 'pending'
    left join demanded on visits.visit_token = demanded.visit_token
    left join known on visits.visit_token = known.visit_token
    left join told on visits.visit_token = told.visit_token
    left join taken_back on visits.visit_token = taken_back.visit_token
    left join ledger.outbox as memo_sent on 'memo:' || pending.memo_id = memo_sent.business_key
    where visits.service_on between %(first)s and %(last)s
    order by visits.service_on, visits.visit_token, pending.memo_id
"""


@dataclass(frozen=True)
class Planned:
    """What would be sent for a visit or for a memo of it, `invoice_id` being the furthest invoice it has.

    `customer` is who is asked at Stripe, None where nobody is known; `service_category` and `ended_at` are of visits
    that were held here.
    """

    visit_token: UUID
    practice_id: str
    service_on: date
    memo_id: UUID | None
    invoice_id: str | None
    customer: str | None
    service_category: int | None
    ended_at: datetime | None
    issued_at: datetime | None
    is_finalised: bool
    decision: Decision

    def memo(self) -> tuple[UUID, datetime]:
        """Return the memo's id and when it was issued; ValueError where what is planned is no memo."""
        if self.memo_id is None or self.issued_at is None:
            raise ValueError("What is planned for this visit is no memo.")
        return self.memo_id, self.issued_at


def is_reconciled(connection: psycopg.Connection) -> bool:
    """Tell whether there are books at all, in the shape that a plan reads: an earlier version's lack a column."""
    row = connection.execute(
        "select to_regclass('marts.memos') is not null and exists (select from pg_attribute"
        " where attrelid = to_regclass('intermediate.int_usage__lines') and attname = 'is_void')"
    ).fetchone()
    return bool(row and row[0])


def is_behind(connection: psycopg.Connection) -> bool:
    """Tell whether anything was loaded, settled or made anew since the last reconcile, or that one broke off."""
    ops.prepare(connection)  # books of an earlier version lack a table of it
    last = ops.last_success(connection)
    return (
        not last or not last.stands or last.loaded_through < ops.loaded_through(connection) or ops.touched(connection)
    )


def plan(connection: psycopg.Connection, as_of: date, days: Days | None = None) -> Iterator[Planned]:
    """Decide for every visit of some days of service (default: all) what would be sent as of a day.

    What Trueup sent is known by the outbox, from the moment it is queued; what others sent by the Stripe objects that
    are loaded. A visit that a webhook told of since the books were made waits, and so does one whose usage they count
    and that was taken back since.
    """
    first, last = days or ("-infinity", "infinity")
    with connection.cursor(name="plan", row_factory=dict_row) as cursor:
        cursor.execute(_STANDINGS, {"as_of": as_of, "first": first, "last": last})
        for row in cursor:
            yield Planned(
                visit_token=row["visit_token"],
                practice_id=row["practice_id"],
                service_on=row["service_on"],
                memo_id=row["memo_id"],
                invoice_id=row["invoice_id"],
                customer=row["customer"],
                service_category=row["service_category"],
                ended_at=row["ended_at"],
                issued_at=row["issued_at"],
                is_finalised=row["invoice"] == Invoice.FINALISED,
                decision=what_to_send(_standing(row)),
            )


def _standing(row: Mapping[str, Any]) -> Standing:
    """Read a row; when others sent usage is not loaded, so that it is never taken for younger than 24 hours."""
    usage, usage_age = _usage(row)
    return Standing(
        is_disputed=row["is_disputed"],
        bills=row["bills"],
        channel=_channel(row),
        memo_cents=row["memo_cents"],
        level_cents=row["level_cents"],
        days_ago=row["days_ago"],
        invoice=Invoice(row["invoice"]),
        creditable_cents=row["creditable_cents"],
        usage=usage,
        usage_cents=row["usage_cents"],
        usage_age=usage_age,
        period_is_invoiced=row["period_is_invoiced"],
        usage_counts=row["is_counted"],
        owes_nothing=row["owes_nothing"],
        awaits_charge=_awaits_charge(row),
        awaits_books=row["is_told_of"] or (row["is_taken_back"] and row["is_counted"]),
        sent=_sent(row),
    )


def _channel(row: Mapping[str, Any]) -> Channel:
    if row["is_asked"]:
        return Channel.INVOICE
    if row["is_used"]:
        return Channel.METER
    return Channel(row["channel"] or Channel.UNDECIDED)


def _usage(row: Mapping[str, Any]) -> tuple[Usage, timedelta]:
    """Return what is known of the visit's usage, and how long ago it was sent."""
    if row["is_taken_back"]:
        return Usage.TAKEN_BACK, CANCEL_WITHIN
    if row["is_voided"]:
        return Usage.VOIDED, CANCEL_WITHIN
    if row["demanded_by"] == "meter_visit" and row["demand_state"] == "done":
        return Usage.SENT, datetime.now(UTC) - row["demanded_at"]
    is_tried = row["demand_state"] == "unknown" or (row["demand_state"] == "pending" and row["demand_attempts"])
    if row["demanded_by"] == "meter_visit" and is_tried:
        return Usage.UNKNOWN, timedelta(0)
    return (Usage.SENT if row["is_used"] else Usage.NEVER_SENT), CANCEL_WITHIN


def _awaits_charge(row: Mapping[str, Any]) -> bool:
    """Tell whether a charge of ours is made, or may be, and no invoice of it counts as billed."""
    is_charged = row["demanded_by"] == "charge_visit" and row["demand_state"] != "refused"
    return is_charged and row["invoice"] in {Invoice.NONE, Invoice.DRAFT}


def _sent(row: Mapping[str, Any]) -> Sent:
    """Return what the outbox has of the memo, or of the visit's demand; a declined card leaves one that stands.

    Of usage that was delivered `_usage` says more: Stripe has no further word on it, and it may be taken back.
    """
    state = row["memo_state"] if row["memo_id"] else row["demand_state"]
    is_usage = not row["memo_id"] and row["demanded_by"] == "meter_visit"
    if state is None or (is_usage and state == "done"):
        return Sent.NO
    return Sent.REFUSED if state == "refused" else Sent.QUEUED
