-- What came in for visits on the days of an open month is that month's column of the triangle, and what came in at all is what its
-- pieces add up to. The pieces are as many as there are payments: only a whole run reads them again.
with closed as (

    select period from {{ ref('closed_months') }}

),

days as (

    select
        period,
        source,
        sum(amount_cents) as cents,
        sum(pieces) as pieces
    from {{ ref('cash_by_day') }}
    where period not in (select closed.period from closed)
    group by period, source

),

triangle as (

    select
        months.paid_period as period,
        parts.source,
        sum(parts.cents) as cents
    from {{ ref('lag_triangle') }} as months
    cross join lateral (
        values ('payers', months.payer_paid_cents), ('patients', months.patient_collected_cents)
    ) as parts (source, cents)
    where months.paid_period not in (select closed.period from closed)
    group by months.paid_period, parts.source

),

pieces as (

    select
        period,
        source,
        sum(amount_cents) as cents,
        count(*) as pieces
    from {{ ref('cash') }}
    where {{ flags.FULL_REFRESH }} and period not in (select closed.period from closed)
    group by period, source

)

select
    'triangle' as of,
    period,
    source
from triangle
full outer join (select * from days where source in ('payers', 'patients')) as of_visits using (period, source)
where coalesce(triangle.cents, 0) <> coalesce(of_visits.cents, 0)
union all
select
    'pieces',
    period,
    source
from pieces
full outer join days using (period, source)
where
    {{ flags.FULL_REFRESH }}
    and (pieces.cents is distinct from days.cents or pieces.pieces is distinct from days.pieces)
