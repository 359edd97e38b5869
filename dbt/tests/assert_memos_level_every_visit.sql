-- At the end of every reconcile the memos of a visit are exactly what levels target and billed.
select
    desired.visit_token,
    desired.desired_cents,
    revenue.memo_cents
from {{ ref('int_memos__desired') }} as desired
inner join {{ ref('visit_revenue') }} as revenue on desired.visit_token = revenue.visit_token
where desired.desired_cents is distinct from revenue.memo_cents
