-- What a remit adds or takes at the level of a provider (PLB), with its kind. Positive cents lower the payment.
with adjustments as (

    select * from {{ source('raw', 'era_provider_adjustment') }}

),

codes as (

    select * from {{ ref('provider_adjustment') }}

)

select
    adjustments.file_sha256,
    adjustments.st_index,
    adjustments.provider_adjustment_index,
    adjustments.provider_id,
    adjustments.fiscal_year_end,
    adjustments.reason_code,
    coalesce(codes.kind, 'unlisted') as kind,
    coalesce(codes.account, 'remittance_difference') as account,
    nullif(adjustments.reference, '') as reference,
    adjustments.amount_cents
from adjustments
left join codes on adjustments.reason_code = codes.reason_code
