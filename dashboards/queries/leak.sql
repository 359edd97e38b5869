-- One leak.
select
    leak_id,
    category,
    visit_token,
    practice_id,
    payer_id,
    provider_id,
    happened_on,
    bucket,
    period,
    amount_cents,
    evidence,
    first_seen_on
from marts.leaks
where leak_id = %(leak_id)s
