-- What visits are worth by their list prices, and what a missed one costs; a dispute takes no revenue back.
select
    'visit' as source_kind,
    cast(visit_token as text) as source_id,
    visit_token,
    practice_id,
    payer_id,
    service_period as origin_period,
    service_on as effective_on,
    {{ entry_lines([
        ['receivable', 'gross_revenue_cents - price_concession_cents + missed_visit_fee_cents'],
        ["'gross_patient_service_revenue'", '-gross_revenue_cents'],
        ["'implicit_price_concession'", 'price_concession_cents'],
        ["'missed_visit_fees'", '-missed_visit_fee_cents'],
    ]) }}
from {{ ref('int_visits__amounts') }}
where bills or on_hold or missed_visit_fee_cents <> 0
