-- Remittance files of which anything stands otherwise than in the run before: loaded, settled, or in another's place.
with settings as (

    select since from {{ ref('stg_ops__run_settings') }} where {{ not flags.FULL_REFRESH }}

)

select transactions.file_sha256
from {{ source('raw', 'era_transaction') }} as transactions
inner join settings on transactions.load_id > settings.since
union
select settlements.file_sha256
from {{ source('raw', 'era_settlement') }} as settlements
inner join settings on settlements.settlement_id > settings.since
union
select settlements.replaced_by_file_sha256
from {{ source('raw', 'era_settlement') }} as settlements
inner join settings on settlements.settlement_id > settings.since
where settlements.replaced_by_file_sha256 is not null
union
select touched.key
from {{ source('ops', 'touched') }} as touched
inner join settings on touched.kind = 'remittance'
