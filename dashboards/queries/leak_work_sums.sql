-- How much of the leaks that were chosen was taken up, by one dimension. A row of the worklist whose leak is gone counts no more.
with work as (

    select distinct on (leak_id)
        leak_id,
        state
    from marts.worklist
    where leak_id is not null
    order by leak_id asc, state in ('resolved', 'dismissed') asc, item_id desc

)

select
    case %(by)s
        when 'category' then leaks.category
        when 'payer' then leaks.payer_id
        when 'provider' then leaks.provider_id
        when 'practice' then leaks.practice_id
        when 'period' then leaks.period
        when 'age' then leaks.bucket
    end as name,
    count(*) filter (where work.state in ('open', 'assigned')) as waiting,
    count(*) filter (where work.state = 'resolved') as resolved,
    count(*) filter (where work.state = 'dismissed') as dismissed,
    cast(coalesce(sum(leaks.amount_cents) filter (where work.state = 'dismissed'), 0) as bigint) as dismissed_cents
from work
inner join marts.leaks as leaks on work.leak_id = leaks.leak_id
where
    (cast(%(category)s as text) is null or leaks.category = %(category)s)
    and (cast(%(payer)s as text) is null or coalesce(leaks.payer_id, '-') = %(payer)s)
    and (cast(%(provider)s as text) is null or coalesce(leaks.provider_id, '-') = %(provider)s)
    and (cast(%(practice)s as text) is null or coalesce(leaks.practice_id, '-') = %(practice)s)
    and (cast(%(period)s as text) is null or coalesce(leaks.period, '-') = %(period)s)
    and (cast(%(age)s as text) is null or coalesce(leaks.bucket, '-') = %(age)s)
group by name
