-- What finance asks first of a month of service; what is owed is of all visits, as of the day of the last reconcile.
select
    'net_revenue' as measure,
    amount_cents,
    null as ratio
from marts.revenue_waterfall
where period = %(period)s and step = 'net_patient_service_revenue'
union all
select
    measure,
    null,
    cast(coalesce(ratio, days) as text)
from marts.month_ratios
where period = %(period)s
union all
select
    owed.measure,
    cast(owed.amount_cents as bigint),
    null
from (
    select
        coalesce(sum(amount_cents - written_off_cents), 0) as all_cents,
        coalesce(sum(amount_cents - written_off_cents) filter (where bucket in ('91-120', '120+')), 0) as old_cents
    from marts.ar_ageing
) as ageing
cross join lateral (
    values ('owed', ageing.all_cents), ('owed_over_90_days', ageing.old_cents)
) as owed (measure, amount_cents)
