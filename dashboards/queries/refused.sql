-- Pieces refused at the door, with how to mend them, a part at a time.
select
    source,
    file_sha256,
    position,
    rule,
    value,
    message,
    cast(recorded_at as date) as refused_on
from marts.quarantine
where
    (cast(%(source)s as text) is null or source = %(source)s)
    and (cast(%(rule)s as text) is null or rule = %(rule)s)
order by source, rule, file_sha256, position
limit %(size)s offset %(skipped)s
