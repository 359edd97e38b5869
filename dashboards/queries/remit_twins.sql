-- Other transactions of the same trace number, or of the same payer and amount.
select
    others.file_sha256,
    others.st_index,
    others.trn_number,
    others.payer_name,
    others.paid_on,
    others.bpr_cents,
    others.residual_cents,
    coalesce(others.settlement, others.verdict) as standing,
    others.verdict = 'posted'
    and others.trn_number = this.trn_number
    and others.bpr_cents = this.bpr_cents
    and others.paid_on = this.paid_on
    and coalesce(others.payer_name, '') = coalesce(this.payer_name, '') as counts_beside
from marts.era_tieout as this
inner join marts.era_tieout as others
    on (others.file_sha256, others.st_index) <> (this.file_sha256, this.st_index)
    and (
        others.trn_number = this.trn_number
        or others.payer_name = this.payer_name and others.bpr_cents = this.bpr_cents
    )
where
    this.file_sha256 = %(file)s
    and this.st_index = %(st)s
    and others.verdict <> 'duplicate'
    and others.settlement is distinct from 'replaced'
order by
    others.trn_number = this.trn_number desc nulls last,
    others.paid_on desc nulls last,
    others.file_sha256 asc,
    others.st_index asc
limit 10
