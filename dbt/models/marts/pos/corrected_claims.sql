-- The claims behind the leak pos_mismatch, with what a billing team needs to send each again: the replacement (CLM05-3 frequency
-- code 7) names the payer's own number of the claim it replaces (REF*F8, ASC X12N 005010X222A1 loop 2300).
with claims as (

    select
        visits.*,
        details.service_on,
        details.modifiers,
        details.units,
        paid_on.amount_cents,
        paid_on.expected_at_ledger_cents,
        paid_on.expected_at_paid_cents,
        paid_on.claim_ref,
        paid_on.payer_name,
        paid_on.original_reference,
        paid_on.trn_number,
        paid_on.paid_on,
        paid_on.file_sha256,
        paid_on.st_index,
        paid_on.claim_index
    from {{ ref('int_pos__claims') }} as paid_on
    inner join {{ ref('visit_revenue') }} as visits on paid_on.visit_token = visits.visit_token
    inner join {{ ref('stg_visits__visits') }} as details on paid_on.visit_token = details.visit_token

)

select
    service_period as period,
    row_number() over (
        partition by service_period
        order by amount_cents > 0 desc nulls last, abs(amount_cents) desc nulls last, visit_token asc
    ) as rank,
    practice_id,
    provider_id,
    visit_token,
    claim_ref,
    '7' as frequency_code,
    original_reference,
    payer_id,
    payer_name,
    trn_number,
    paid_on,
    service_on,
    service_code,
    modifiers,
    units,
    charge_cents,
    pos_paid,
    pos_ledger,
    expected_at_paid_cents,
    expected_at_ledger_cents,
    allowed_cents,
    expected_at_ledger_cents - allowed_cents as difference_cents,
    amount_cents,
    case
        when original_reference is null then 'ask_for_claim_number'
        when amount_cents is null then 'load_fee'
        when amount_cents = 0 then 'nothing_at_stake'
        when amount_cents < 0 then 'correct_and_give_back'
        else 'correct'
    end as next_step,
    'The payer has place of service ' || pos_paid || '; by the ledger the visit took place at ' || pos_ledger || '.' as why,
    file_sha256,
    st_index,
    claim_index
from claims
