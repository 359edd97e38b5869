-- Places of service by the ledger beside those that payers paid on, with what was expected and allowed at each.
select
    pos_ledger,
    pos_paid,
    cast(sum(visits) as bigint) as visits,
    cast(sum(unpriced_visits) as bigint) as unpriced_visits,
    cast(sum(compared_visits) as bigint) as compared_visits,
    cast(sum(compared_at_ledger_cents) as bigint) as at_ledger_cents,
    cast(sum(compared_at_paid_cents) as bigint) as at_paid_cents,
    cast(sum(compared_allowed_cents) as bigint) as allowed_cents,
    cast(sum(pos_variance_cents) as bigint) as pos_variance_cents
from marts.pos_mix
where
    (cast(%(period)s as text) is null or period = %(period)s)
    and (cast(%(payer)s as text) is null or payer_id = %(payer)s)
group by pos_ledger, pos_paid
order by pos_ledger, pos_paid nulls last
