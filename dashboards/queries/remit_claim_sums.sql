-- What the claims of one remit transaction add up to, by where they went.
select
    outcome,
    count(*) as claims,
    cast(coalesce(sum(charge_cents), 0) as bigint) as charge_cents,
    cast(coalesce(sum(paid_cents), 0) as bigint) as paid_cents,
    cast(coalesce(sum(patient_responsibility_cents), 0) as bigint) as patient_responsibility_cents,
    cast(coalesce(sum(co_cents), 0) as bigint) as co_cents,
    cast(coalesce(sum(pi_cents), 0) as bigint) as pi_cents,
    cast(coalesce(sum(oa_cents), 0) as bigint) as oa_cents,
    cast(coalesce(sum(residual_cents), 0) as bigint) as residual_cents
from marts.remit_claims
where file_sha256 = %(file)s and st_index = %(st)s
group by outcome
order by paid_cents desc, outcome asc
