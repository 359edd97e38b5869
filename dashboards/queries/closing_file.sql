-- A file of a pack.
select content
from ledger.closed_pack
where period = %(period)s and version = %(version)s and format = %(format)s
