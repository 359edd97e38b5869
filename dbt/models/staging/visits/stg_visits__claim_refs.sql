select
    claim_ref,
    visit_token
from {{ source('raw', 'claim_ref') }}
