-- What was refused at the door, with how to mend it.
select
    source,
    file_sha256,
    position,
    rule,
    value,
    message,
    recorded_at
from {{ source('raw', 'quarantine') }}
