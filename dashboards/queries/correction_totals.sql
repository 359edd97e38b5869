-- The claims worth correcting by what to do with them.
select
    next_step,
    count(*) as claims,
    cast(sum(amount_cents) as bigint) as amount_cents
from marts.corrected_claims
where
    (cast(%(period)s as text) is null or period = %(period)s)
    and (cast(%(payer)s as text) is null or payer_id = %(payer)s)
    and (cast(%(code)s as text) is null or service_code = %(code)s)
    and (cast(%(provider)s as text) is null or provider_id = %(provider)s)
group by next_step
order by sum(amount_cents) desc nulls last, next_step
