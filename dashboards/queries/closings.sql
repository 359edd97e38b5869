-- Every month that has figures, newest first: is it closed, by whom, and what the checklist said when it was last judged.
with months as (

    select
        period,
        max(visits) as visits
    from (
        select
            period,
            null as visits
        from marts.month_summary
        where period is not null
        union all
        select
            period,
            count
        from marts.month_summary
        where period is not null and measure = 'visits'
    ) as figures
    group by period

),

events as (

    select distinct on (period)
        period,
        event,
        made_at,
        made_by,
        (ordinal + 1) / 2 as version
    from ledger.period_event
    where made_at < coalesce(cast(%(until)s as date) + 1, 'infinity')
    order by period, ordinal desc

)

select
    months.period,
    coalesce(months.visits, 0) as visits,
    closed.version,
    closed.made_at,
    closed.made_by,
    look.looked_at,
    (
        select count(*)
        from jsonb_path_query(look.found, '$.checks[*].points[*] ? (@.state == "open")')
    ) as open_points
from months
left join events as closed on months.period = closed.period and closed.event = 'close'
left join ledger.look as look on months.period = look.period and cast(%(until)s as date) is null
order by months.period desc
