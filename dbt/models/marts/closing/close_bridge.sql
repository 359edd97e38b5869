{{ config(materialized='view') }}

-- From what a closed month was worth (payer paid + patient billed + memos of its visits) to what it is worth now, by cause.
-- Every movement is an entry of the journal that came late. A view, so that a month has its bridge the moment it is closed.
with closed as (

    select
        kept.period,
        sum(cast(kept.figure ->> 'amount_cents' as bigint)) as as_closed_cents
    from {{ source('ledger', 'standing_figure') }} as kept
    where
        kept.table_name = 'month_summary'
        and kept.figure ->> 'measure' in ('payer_paid', 'patient_billed', 'visit_memos')
    group by kept.period

),

late as (

    select
        *,
        reverses is not null or version > 1 as is_of_a_known_fact
    from {{ source('ledger', 'journal') }}
    where is_late and source_kind in ('remittance_claim', 'demand', 'memo')

),

movements as (

    select
        late.*,
        measures.sign * lines.cents as cents
    from late
    cross join lateral unnest(late.accounts, late.amounts) as lines (account, cents)
    inner join {{ ref('measure') }} as measures
        on late.source_kind = measures.source_kind
        and cast(lines.account as text) = measures.account
    where measures.measure in ('payer_paid', 'patient_billed', 'visit_memos')

),

caused as (

    select
        movements.origin_period as period,
        movements.cents,
        case
            when movements.source_kind = 'memo' then 'memo_' || memos.reason
            when movements.is_of_a_known_fact and exists (
                select 1
                from {{ source('ledger', 'journal') }} as elsewhere
                where
                    elsewhere.source_kind = movements.source_kind
                    and elsewhere.source_id = movements.source_id
                    and elsewhere.origin_period <> movements.origin_period
            ) then 'visit_edit'
            when movements.is_of_a_known_fact and movements.source_kind = 'demand' then 'billing_changed'
            when movements.is_of_a_known_fact then 'remittance_changed'
            when movements.source_kind = 'remittance_claim' and movements.cents < 0 then 'late_reversal'
            when movements.source_kind = 'remittance_claim' then 'late_remittance'
            when objects.object_type in ('refund', 'credit_note') then objects.object_type
            else 'late_billing'
        end as cause
    from movements
    left join {{ source('ledger', 'memos') }} as memos
        on memos.memo_id = cast(case movements.source_kind when 'memo' then movements.source_id end as uuid)
    left join lateral (
        select max(stripe_object.object_type) as object_type
        from {{ source('raw', 'stripe_object') }} as stripe_object
        where stripe_object.object_id = movements.source_id
    ) as objects on movements.source_kind = 'demand'

),

causes as (

    select
        period,
        cause,
        sum(cents) as movement_cents
    from caused
    group by period, cause
    having sum(cents) <> 0

)

select
    closed.period,
    cast(closed.as_closed_cents as bigint) as as_closed_cents,
    coalesce(causes.cause, 'none') as cause,
    cast(coalesce(causes.movement_cents, 0) as bigint) as movement_cents,
    cast(
        closed.as_closed_cents + coalesce(sum(causes.movement_cents) over (partition by closed.period), 0) as bigint
    ) as as_now_cents
from closed
left join causes on closed.period = causes.period
