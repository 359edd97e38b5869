-- What stands in quarantine of one remit transaction.
select
    position,
    rule,
    value,
    message
from marts.quarantine
where source = 'era' and file_sha256 = %(file)s and substring(position from '^ST ([0-9]+)') = cast(%(st)s as text)
order by position, rule
