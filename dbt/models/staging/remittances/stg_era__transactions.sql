-- Every remit transaction as it stands: the verdict of its load, moved by what a person settled.
-- payer_key: who paid, by the identifier the payer gave, else the originating company of the trace, else the name.
select
    transactions.file_sha256,
    transactions.st_index,
    transactions.st_control,
    coalesce(transactions.payer_id, transactions.trn_payer, transactions.payer_name, '') as payer_key,
    transactions.payer_id,
    transactions.payer_name,
    transactions.payee_npi,
    transactions.bpr_cents,
    transactions.bpr_method,
    transactions.paid_on,
    transactions.trn_number,
    transactions.claims_cents,
    transactions.provider_adjustments_cents,
    transactions.residual_cents,
    standing.verdict,
    standing.settlement,
    standing.replaced_by,
    standing.settled_by,
    standing.settled_at,
    standing.why,
    transactions.load_id,
    transactions.recorded_at
from {{ source('raw', 'era_transaction') }} as transactions
inner join {{ source('raw', 'era_standing') }} as standing
    on transactions.file_sha256 = standing.file_sha256
    and transactions.st_index = standing.st_index
