-- The same promise, told from the published rows alone: an adjudicated visit is billed its target, memos included.
select revenue.visit_token
from {{ ref('visit_revenue') }} as revenue
where
    revenue.patient_responsibility_cents is not null
    and revenue.state <> 'disputed'
    and revenue.patient_billed_cents + revenue.memo_cents <> revenue.patient_target_cents
