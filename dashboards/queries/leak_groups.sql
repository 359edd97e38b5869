-- The leaks that were chosen, added up by one dimension.
select
    case %(by)s
        when 'category' then category
        when 'payer' then payer_id
        when 'provider' then provider_id
        when 'practice' then practice_id
        when 'age' then bucket
        when 'period' then period
    end as name,
    cast(sum(leaks) as bigint) as leaks,
    cast(sum(unpriced) as bigint) as unpriced,
    cast(sum(at_stake_cents) as bigint) as at_stake_cents,
    cast(sum(liability_cents) as bigint) as liability_cents
from marts.leak_sums
where
    (cast(%(category)s as text) is null or category = %(category)s)
    and (cast(%(payer)s as text) is null or coalesce(payer_id, '-') = %(payer)s)
    and (cast(%(provider)s as text) is null or coalesce(provider_id, '-') = %(provider)s)
    and (cast(%(practice)s as text) is null or coalesce(practice_id, '-') = %(practice)s)
    and (cast(%(period)s as text) is null or coalesce(period, '-') = %(period)s)
    and (cast(%(age)s as text) is null or coalesce(bucket, '-') = %(age)s)
group by name
order by at_stake_cents desc, name asc
