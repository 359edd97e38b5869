-- Which amount of a visit an adjustment belongs to: the group decides who owes, the CARC which of the payer's kinds it is.
with adjustments as (

    select * from {{ source('raw', 'era_adjustment') }}

),

classes as (

    select * from {{ ref('adjustment_class') }}

)

select
    {{ claim_id('adjustments') }} as claim_id,
    adjustments.group_code,
    adjustments.reason_code,
    adjustments.amount_cents,
    case
        when adjustments.group_code = 'PR' then 'patient_responsibility'
        else coalesce(classes.class, 'other')
    end as class,
    adjustments.file_sha256
from adjustments
left join classes
    on adjustments.group_code = classes.group_code
    and adjustments.reason_code = classes.reason_code
