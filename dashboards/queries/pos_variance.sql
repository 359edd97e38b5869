-- What another place of service than the ledger's is worth, grouped as asked.
select
    case when %(by_payer)s then payer_id end as payer,
    case when %(by_code)s then service_code end as code,
    case when %(by_provider)s then provider_id end as provider,
    cast(sum(visits) as bigint) as visits,
    cast(sum(unpriced_visits) as bigint) as unpriced_visits,
    cast(sum(expected_at_ledger_cents) as bigint) as at_ledger_cents,
    cast(sum(expected_at_paid_cents) as bigint) as at_paid_cents,
    cast(sum(allowed_cents) as bigint) as allowed_cents,
    cast(sum(pos_variance_cents) as bigint) as pos_variance_cents,
    count(*) over () as groups,
    cast(sum(sum(visits)) over () as bigint) as all_visits,
    cast(sum(sum(pos_variance_cents)) over () as bigint) as all_cents
from marts.pos_variance
where
    (cast(%(period)s as text) is null or period = %(period)s)
    and (cast(%(payer)s as text) is null or payer_id = %(payer)s)
    and (cast(%(code)s as text) is null or service_code = %(code)s)
    and (cast(%(provider)s as text) is null or provider_id = %(provider)s)
group by payer, code, provider
order by abs(sum(pos_variance_cents)) desc, payer asc, code asc, provider asc
limit %(size)s offset %(skipped)s
