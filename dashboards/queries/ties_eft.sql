-- Payments by trace number: what remits promise against what the bank received.
-- The largest residual first, a part at a time.
select
    status,
    trn_number as name,
    payer_name as detail,
    coalesce(paid_on, deposited_on) as happened_on,
    expected_cents as this_cents,
    deposited_cents as other_cents,
    residual_cents,
    cast(null as uuid) as visit_token,
    hint,
    candidate_deposit_id
from marts.eft_tieout
where status = any(%(statuses)s)
order by abs(residual_cents) desc nulls last, trn_number asc
limit %(size)s offset %(skipped)s
