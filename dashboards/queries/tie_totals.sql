-- The tie-outs by source and outcome: how many, how much came in, and what does not tie.
select
    kind as source,
    status,
    pieces as count,
    coalesce(this_cents, 0) as amount_cents,
    residual_cents,
    unreadable
from marts.tieout_totals
where kind in ('era', 'eft', 'payout')
order by kind, status in ('posted', 'matched') desc, status
