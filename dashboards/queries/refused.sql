-- Pieces refused at the door, with how to mend them.
select
    source,
    file_sha256,
    position,
    rule,
    value,
    message
from marts.quarantine
order by source, file_sha256, position, rule
limit %(listed)s
