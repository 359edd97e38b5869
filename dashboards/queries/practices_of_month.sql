-- The practices of a month, those with the most net revenue first: what each earned, what came in, what is outstanding.
select
    practice_id,
    cast(coalesce(sum(count) filter (where measure = 'visits'), 0) as bigint) as visits,
    cast(coalesce(sum(
        case
            when measure in ('gross_revenue', 'missed_visit_fees') then amount_cents
            when measure in (
                'contractual', 'sequestration', 'denied', 'other_adjustment', 'price_concession'
            ) then -amount_cents
        end
    ), 0) as bigint) as net_cents,
    cast(coalesce(
        sum(amount_cents) filter (where measure in ('payer_paid', 'patient_collected')), 0
    ) as bigint) as received_cents,
    cast(coalesce(
        sum(amount_cents) filter (where measure in ('patient_balance', 'payer_receivable', 'unbilled')), 0
    ) as bigint) as outstanding_cents
from marts.practice_summary
where period = %(period)s and practice_id is not null
group by practice_id
having sum(count) filter (where measure = 'visits') > 0
order by net_cents desc, practice_id asc
