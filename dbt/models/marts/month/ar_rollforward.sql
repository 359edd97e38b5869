-- What is owed for visits, from month to month and by what moved it. The journal's accounts give opening and closing, its
-- sources what is between: nothing is worked out as the rest.
with movements as (

    select
        period,
        account,
        sum(opening_cents) as opening_cents,
        sum(movement_cents) filter (where source_kind = 'visit') as charges_cents,
        sum(movement_cents) filter (where source_kind = 'demand') as asked_cents,
        sum(movement_cents) filter (where source_kind = 'memo') as memos_cents,
        sum(movement_cents) filter (where source_kind = 'receipt') as receipts_cents,
        sum(movement_cents) filter (where source_kind = 'remittance_claim') as remitted_cents,
        sum(movement_cents) filter (where source_kind = 'supersession') as superseded_cents,
        sum(movement_cents) filter (where source_kind = 'write_off') as write_offs_cents,
        sum(closing_cents) as closing_cents
    from {{ ref('roll_forwards') }}
    group by period, account

),

-- A remit claim credits the receivable with what it pays and what it takes off; what it takes off has accounts of its own.
taken_off as (

    select
        period,
        -sum(remitted_cents) as adjustments_cents
    from movements
    where account in ('contractual_adjustment', 'sequestration', 'denial', 'other_adjustment')
    group by period

)

select
    movements.period,
    replace(movements.account, '_receivable', '') as owed_by,
    cast(movements.opening_cents as bigint) as opening_cents,
    cast(coalesce(movements.charges_cents, 0) as bigint) as charges_cents,
    cast(coalesce(movements.asked_cents, 0) as bigint) as asked_cents,
    cast(coalesce(movements.memos_cents, 0) as bigint) as memos_cents,
    cast(
        coalesce(movements.receipts_cents, 0)
        + coalesce(movements.remitted_cents - coalesce(taken_off.adjustments_cents, 0), 0) as bigint
    ) as payments_cents,
    cast(
        coalesce(taken_off.adjustments_cents, 0) + coalesce(movements.superseded_cents, 0) as bigint
    ) as adjustments_cents,
    cast(coalesce(movements.write_offs_cents, 0) as bigint) as write_offs_cents,
    cast(movements.closing_cents as bigint) as closing_cents
from movements
left join taken_off
    on movements.period = taken_off.period
    and movements.account = 'payer_receivable'
where movements.account in ('patient_receivable', 'payer_receivable', 'unbilled_receivable')
