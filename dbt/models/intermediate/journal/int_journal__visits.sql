-- What visits are worth by their list prices, and what a missed one costs; a dispute takes no revenue back.
with visits as (

    select
        visit_token,
        practice_id,
        payer_id,
        service_period,
        service_on,
        receivable,
        case when bills or on_hold then charge_cents else 0 end as charge_cents,
        case when bills and payer_id is null then charge_cents - rule_target_cents else 0 end as conceded_cents,
        case when bills or on_hold then 0 else rule_target_cents end as fee_cents
    from {{ ref('int_visits__amounts') }}
    where bills or on_hold or rule_target_cents > 0

)

select
    'visit' as source_kind,
    cast(visit_token as text) as source_id,
    visit_token,
    practice_id,
    payer_id,
    service_period as origin_period,
    service_on as effective_on,
    {{ entry_lines([
        ['receivable', 'charge_cents - conceded_cents + fee_cents'],
        ["'gross_patient_service_revenue'", '-charge_cents'],
        ["'implicit_price_concession'", 'conceded_cents'],
        ["'missed_visit_fees'", '-fee_cents'],
    ]) }}
from visits
