-- What came in on each day by source, from sums: what the table `cash` says piece by piece.
with days as (

    select
        paid_on,
        'payers' as source,
        remit_claims as pieces,
        payer_paid_cents as amount_cents
    from {{ ref('int_month__cash') }}
    where remit_claims <> 0
    union all
    select paid_on, 'patients', patient_payments, patient_collected_cents
    from {{ ref('int_month__cash') }}
    where patient_payments <> 0
    union all
    select lines.paid_on, 'subscriptions', 1, lines.amount_cents
    from {{ ref('int_payments__collected_lines') }} as lines
    left join {{ ref('stg_visits__visits') }} as visits on lines.visit_token = visits.visit_token
    where lines.subscription_id is not null and visits.visit_token is null
    union all
    select received_on, 'no_visit', 1, amount_cents
    from {{ ref('int_payments__unapplied_lines') }}
    union all
    select received_on, 'no_visit', 1, coalesce(paid_cents, 0)
    from {{ ref('int_remits__unmatched') }}

),

now as (

    select
        {{ period('paid_on') }} as period,
        paid_on,
        source,
        cast(sum(pieces) as bigint) as pieces,
        cast(sum(amount_cents) as bigint) as amount_cents
    from days
    group by paid_on, source

)

{{ closed_months_stay('now') }}
