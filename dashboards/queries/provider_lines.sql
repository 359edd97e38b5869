-- The provider adjustments (PLB) of one remit transaction; what a held one would take is not posted.
select
    provider_adjustment_index,
    provider_id,
    reason_code,
    kind,
    reference,
    amount_cents,
    visit_token,
    count(*) over () as lines,
    cast(sum(amount_cents) over () as bigint) as lines_cents
from marts.provider_balances
where file_sha256 = %(file)s and st_index = %(st)s
order by provider_adjustment_index
limit 100
