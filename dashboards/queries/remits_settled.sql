-- What people settled of remit transactions, the newest first.
select
    file_sha256,
    st_index,
    settlement,
    replaced_by,
    trn_number,
    payer_name,
    bpr_cents,
    settled_by,
    settled_at,
    why
from marts.era_tieout
where settlement is not null
order by settled_at desc, file_sha256 asc, st_index asc
limit %(size)s
