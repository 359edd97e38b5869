-- Remittance files of which anything stands otherwise than in the run before: loaded, settled, or in another's place.
select file_sha256
from {{ source('raw', 'era_transaction') }}
where {{ not flags.FULL_REFRESH }} and load_id > {{ since() }}
union
select file_sha256
from {{ source('raw', 'era_settlement') }}
where {{ not flags.FULL_REFRESH }} and settlement_id > {{ since() }}
union
select replaced_by_file_sha256
from {{ source('raw', 'era_settlement') }}
where {{ not flags.FULL_REFRESH }} and settlement_id > {{ since() }} and replaced_by_file_sha256 is not null
union
select key
from {{ source('ops', 'touched') }}
where {{ not flags.FULL_REFRESH }} and kind = 'remittance'
