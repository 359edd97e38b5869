-- What was refused at the door and waits for somebody, with how to mend it: settled remittances wait no more.
select
    source,
    file_sha256,
    position,
    rule,
    value,
    message,
    recorded_at
from {{ source('raw', 'open_quarantine') }}
