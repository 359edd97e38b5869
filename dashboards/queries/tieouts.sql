-- Every kind of tie-out and its outcomes, both sides.
select
    kind,
    status,
    pieces,
    this_cents,
    other_cents,
    residual_cents,
    unreadable
from marts.tieout_totals
order by kind, status in ('posted', 'matched', 'manual', 'duplicate') desc, status
