-- The leaks that were chosen, the largest first, a part at a time. Only those of one list, but those of another.
select
    leak_id,
    category,
    visit_token,
    practice_id,
    payer_id,
    provider_id,
    happened_on,
    bucket,
    amount_cents,
    evidence,
    first_seen_on
from marts.leaks
where
    (cast(%(category)s as text) is null or category = %(category)s)
    and (cast(%(payer)s as text) is null or coalesce(payer_id, '-') = %(payer)s)
    and (cast(%(provider)s as text) is null or coalesce(provider_id, '-') = %(provider)s)
    and (cast(%(practice)s as text) is null or coalesce(practice_id, '-') = %(practice)s)
    and (cast(%(period)s as text) is null or coalesce(period, '-') = %(period)s)
    and (cast(%(age)s as text) is null or coalesce(bucket, '-') = %(age)s)
    and (cast(%(only_leaks)s as text[]) is null or leak_id = any(%(only_leaks)s))
    and (cast(%(but_leaks)s as text[]) is null or leak_id <> all(%(but_leaks)s))
order by abs(amount_cents) desc nulls last, leak_id asc
limit %(size)s offset %(skipped)s
