-- Remit claims that reach no visit, with the one visit they may mean: same day of service and same charge, if it is only one.
-- A candidate is for a person to judge and never posts.
with unmatched as (

    select * from {{ ref('int_remits__unmatched') }}

),

-- Two visits of that day and charge are as good as a hundred: nobody looks for a third.
candidates as (

    select
        unmatched.claim_id,
        (array_agg(likely.visit_token))[1] as visit_token
    from unmatched
    cross join lateral (
        select visits.visit_token
        from {{ ref('stg_visits__visits') }} as visits
        where
            visits.service_on = unmatched.service_from
            and visits.charge_cents = abs(unmatched.charge_cents)
            and visits.payer_id is not null
        order by visits.visit_token
        limit 2
    ) as likely
    group by unmatched.claim_id
    having count(*) = 1

),

prefixes as (

    select
        unmatched.claim_id,
        count(*) as refs
    from unmatched
    inner join {{ ref('stg_visits__claim_refs') }} as refs
        on length(unmatched.normal_claim_ref) >= 12
        and left(unmatched.normal_claim_ref, 12) = left(refs.claim_ref, 12)
        and starts_with(refs.claim_ref, unmatched.normal_claim_ref)
    group by unmatched.claim_id

)

select
    unmatched.file_sha256,
    unmatched.st_index,
    unmatched.claim_index,
    unmatched.claim_ref,
    unmatched.paid_cents,
    candidates.visit_token as best_candidate,
    case
        when coalesce(unmatched.normal_claim_ref, '') in ('', '0') then 'the payer returned no claim reference'
        when prefixes.refs > 1 then 'the reference was cut short and is the beginning of several of ours'
        when length(unmatched.normal_claim_ref) < 12 then 'no visit has the reference, and it is too short to be one that was cut'
        else 'no visit has the reference'
    end as why,
    unmatched.payer_name,
    unmatched.trn_number,
    unmatched.paid_on,
    unmatched.service_from,
    unmatched.charge_cents,
    unmatched.payer_claim_number
from unmatched
left join candidates on unmatched.claim_id = candidates.claim_id
left join prefixes on unmatched.claim_id = prefixes.claim_id
