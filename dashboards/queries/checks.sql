-- Sums of the books that two tables have, computed apart. The month in figures shows closed months as they were closed, so that
-- these sums are of the open ones.
with open_months as (

    select service_period as period
    from marts.visit_revenue
    union
    select period
    from marts.leaks
    except
    select period
    from marts.closed_months

),

sums as (

    select
        (select sum(claims_cents) from marts.era_tieout where verdict = 'posted') as posted_claims,
        (select sum(paid_cents) from marts.unmatched_remits) as unmatched,
        (select sum(payer_paid_cents) from marts.visit_revenue) as payer_paid,
        (select sum(case kind when 'debit' then amount_cents else -amount_cents end) from marts.memos) as register,
        (select sum(memo_cents) from marts.visit_revenue) as visit_memos,
        (select sum(amount_cents) from marts.leaks inner join open_months using (period)) as leaks,
        (
            select sum(amount_cents)
            from marts.month_summary
            inner join open_months using (period)
            where starts_with(measure, 'leak_')
        ) as leak_measures,
        (
            select sum(visits.pos_adjusted_revenue_cents)
            from marts.visit_revenue as visits
            inner join open_months on visits.service_period = open_months.period
        ) as revenue,
        (
            select sum(amount_cents)
            from marts.month_summary
            inner join open_months using (period)
            where measure = 'pos_adjusted_revenue'
        ) as revenue_measures

)

select
    pairs.name,
    cast(coalesce(pairs.left_cents, 0) as bigint) as left_cents,
    cast(coalesce(pairs.right_cents, 0) as bigint) as right_cents
from sums
cross join lateral (
    values
    ('remits', posted_claims, coalesce(payer_paid, 0) + coalesce(unmatched, 0)),
    ('memos', register, visit_memos),
    ('leaks', leaks, leak_measures),
    ('revenue', revenue, revenue_measures)
) as pairs (name, left_cents, right_cents)
