-- At the end of every reconcile the memos of a visit are exactly what levels target and billed. Neither side of a visit that was
-- not touched can have moved.
select
    desired.visit_token,
    desired.desired_cents,
    revenue.memo_cents
from {{ ref('int_memos__desired') }} as desired
inner join {{ ref('visit_revenue') }} as revenue on desired.visit_token = revenue.visit_token
where
    desired.desired_cents is distinct from revenue.memo_cents
    and {{ touched('desired.visit_token', 'visits') }}
    and {{ touched('revenue.visit_token', 'visits') }}
