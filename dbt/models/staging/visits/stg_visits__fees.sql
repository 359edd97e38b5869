-- The fee schedule in force. A row is keyed by everything but its amount; the newest load wins, within a file the later row.
with rows_by_recency as (

    select
        *,
        row_number() over (
            partition by payer_id, service_code, modifiers, place_of_service, effective_from, effective_to
            order by load_id desc, row_number desc
        ) as recency
    from {{ source('raw', 'fee') }}

)

select
    payer_id,
    service_code,
    modifiers,
    place_of_service,
    effective_from,
    effective_to,
    allowed_cents,
    load_id,
    row_number
from rows_by_recency
where recency = 1
