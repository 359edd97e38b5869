{{ config(materialized='view') }}

-- The months that are closed now. A view, so that a month is closed here the moment it is.
select
    period,
    version,
    closed_at,
    closed_by
from {{ source('ledger', 'closed_month') }}
