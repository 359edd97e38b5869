-- The claims worth correcting, the most money first.
select
    period,
    rank,
    visit_token,
    claim_ref,
    original_reference,
    payer_id,
    payer_name,
    trn_number,
    paid_on,
    service_on,
    service_code,
    modifiers,
    units,
    provider_id,
    charge_cents,
    pos_paid,
    pos_ledger,
    expected_at_paid_cents,
    expected_at_ledger_cents,
    allowed_cents,
    difference_cents,
    amount_cents,
    next_step
from marts.corrected_claims
where
    (cast(%(period)s as text) is null or period = %(period)s)
    and (cast(%(payer)s as text) is null or payer_id = %(payer)s)
    and (cast(%(code)s as text) is null or service_code = %(code)s)
    and (cast(%(provider)s as text) is null or provider_id = %(provider)s)
    and (cast(%(step)s as text) is null or next_step = %(step)s)
order by amount_cents > 0 desc nulls last, abs(amount_cents) desc nulls last, visit_token asc
limit %(size)s offset %(skipped)s
