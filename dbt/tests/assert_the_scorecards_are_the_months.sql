-- Payers' parts of the place-of-service mix and of the scorecard are the insured visits of the books, in the months that are open.
with closed as (

    select period from {{ ref('closed_months') }}

),

scorecard as (

    select
        coalesce(sum(visits), 0) as visits,
        coalesce(sum(payer_paid_cents), 0) as paid_cents
    from {{ ref('payer_scorecard') }}
    where period not in (select closed.period from closed)

),

mix as (

    select
        coalesce(sum(visits), 0) as visits,
        coalesce(sum(pos_variance_cents), 0) as variance_cents
    from {{ ref('pos_mix') }}
    where period not in (select closed.period from closed)

),

insured as (

    select
        coalesce(sum(visits), 0) as visits,
        coalesce(sum(payer_paid_cents), 0) as paid_cents,
        coalesce(sum(pos_variance_cents), 0) as variance_cents
    from {{ ref('int_month__visit_sums') }}
    where payer_id is not null and service_period not in (select closed.period from closed)

)

select insured.*
from insured
cross join scorecard
cross join mix
where
    insured.visits <> scorecard.visits
    or insured.visits <> mix.visits
    or insured.paid_cents <> scorecard.paid_cents
    or insured.variance_cents <> mix.variance_cents
