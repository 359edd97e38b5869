-- What payers say: posted claims that count with their visit, which of them stand, and what they add up to.

create temporary table remit as
select
    payment.file_sha256,
    payment.st_index,
    payment.payer_id,
    payment.payer_name,
    payment.bpr_cents,
    payment.bpr_method,
    payment.paid_on,
    payment.trn_number,
    payment.claims_cents,
    payment.provider_adjustments_cents,
    payment.residual_cents,
    standing.verdict
from raw.era_transaction as payment
inner join raw.era_standing as standing using (file_sha256, st_index);
analyze remit;

create temporary table taken as
select
    file_sha256,
    st_index,
    claim_index,
    sum(amount_cents)::bigint as everything,
    coalesce(sum(amount_cents) filter (where group_code = 'PR'), 0)::bigint as owed,
    coalesce(sum(amount_cents) filter (where group_code = 'CO' and reason_code = '45'), 0)::bigint as contractual,
    coalesce(sum(amount_cents) filter (where group_code = 'CO' and reason_code = '253'), 0)::bigint as sequestration,
    bool_or(group_code = 'PR' and amount_cents <> 0) as asks,
    bool_or(group_code <> 'PR' and amount_cents <> 0 and (group_code, reason_code) <> ('CO', '45')) as refuses
from raw.era_adjustment
group by file_sha256, st_index, claim_index;
analyze taken;

create temporary table claim as
select
    claim.file_sha256,
    claim.st_index,
    claim.claim_index,
    claim.file_sha256 || '#' || claim.st_index || '/' || claim.claim_index as claim_id,
    owner.visit_token,
    remit.payer_id,
    remit.paid_on,
    remit.trn_number,
    claim.claim_ref,
    claim.payer_claim_number,
    claim.facility_code,
    claim.is_reversal,
    claim.charge_cents,
    claim.paid_cents,
    claim.residual_cents,
    case when claim.status_code in ('2', '20') then 2 when claim.status_code in ('3', '21') then 3 else 1 end
        as payer_order,
    coalesce(taken.owed, 0) as owed,
    coalesce(taken.contractual, 0) as contractual,
    coalesce(taken.sequestration, 0) as sequestration,
    coalesce(taken.everything, 0) as everything,
    claim.paid_cents = 0 and coalesce(taken.refuses and not taken.asks, false) as is_denial,
    row_number() over (
        partition by owner.visit_token
        order by remit.paid_on, remit.trn_number collate "C", claim.st_index, claim.claim_index
    ) as position
from raw.era_claim as claim
inner join remit using (file_sha256, st_index)
inner join raw.claim_ref as owner on translate(upper(claim.claim_ref), ' -', '') = owner.claim_ref
left join taken using (file_sha256, st_index, claim_index)
where remit.verdict = 'posted' and claim.status_code not in ('23', '25');
analyze claim (visit_token, position, payer_id, payer_claim_number, is_reversal, is_denial);

-- A reversal undoes the newest earlier claim of its number.
create temporary table undone as
select
    later.visit_token,
    later.position as by_position,
    max(earlier.position) as position
from claim as later
inner join claim as earlier
    on later.visit_token = earlier.visit_token
    and later.payer_claim_number = earlier.payer_claim_number
    and later.position > earlier.position
    and not earlier.is_reversal
where later.is_reversal
group by later.visit_token, later.position;
analyze undone;

-- A later claim of the payer supersedes its denial.
create temporary table superseded as
select
    earlier.visit_token,
    earlier.position,
    min(later.position) as by_position
from claim as earlier
inner join claim as later
    on earlier.visit_token = later.visit_token
    and earlier.payer_id = later.payer_id
    and earlier.payer_order = later.payer_order
    and earlier.position < later.position
    and not later.is_reversal
where earlier.is_denial
group by earlier.visit_token, earlier.position;
analyze superseded;

-- What each claim takes off the charge of its visit; of a denial, all of it is refused.
create temporary table judged as
select
    claim.*,
    not claim.is_reversal and undone.position is null and superseded.position is null as is_live,
    case when claim.is_denial then 0 else claim.contractual end as kept_contractual,
    case when claim.is_denial then 0 else claim.sequestration end as kept_sequestration,
    case when claim.is_denial then 0 else claim.everything - claim.owed - claim.contractual - claim.sequestration end
        as kept_other,
    case when claim.is_denial then claim.everything else 0 end as refused,
    max(claim.payer_order) filter (
        where not claim.is_reversal and undone.position is null and superseded.position is null
    ) over (partition by claim.visit_token) as last_order
from claim
left join undone on claim.visit_token = undone.visit_token and claim.position = undone.position
left join superseded on claim.visit_token = superseded.visit_token and claim.position = superseded.position;
analyze judged (visit_token, position);

create temporary table adjudication as
select
    visit_token,
    sum(paid_cents)::bigint as payer_paid_cents,
    bool_or(is_live) as is_live,
    bool_or(is_live and payer_order = 1) as primary_is_live,
    sum(owed) filter (where is_live and payer_order = last_order)::bigint as owed,
    sum(charge_cents) filter (where is_live and payer_order = 1)::bigint as primary_charge_cents,
    sum(paid_cents + owed + sequestration) filter (where is_live and payer_order = 1)::bigint as allowed,
    sum(kept_contractual) filter (where is_live and payer_order = 1)::bigint as contractual,
    sum(kept_sequestration) filter (where is_live and payer_order = 1)::bigint as sequestration,
    sum(kept_other) filter (where is_live and payer_order = 1)::bigint as other,
    sum(refused) filter (where is_live and payer_order = 1)::bigint as denied,
    (array_agg(is_denial order by position desc) filter (where is_live and payer_order = 1))[1] as is_denied,
    (array_agg(facility_code order by position desc) filter (where is_live and payer_order = 1))[1] as pos_paid,
    (array_agg(everything order by position desc) filter (where is_live and payer_order = 1))[1] as last_everything,
    (array_agg(claim_id order by position desc))[1] as newest_claim_id,
    (array_agg(is_reversal order by position desc))[1] as newest_is_reversal,
    min(paid_on) filter (where position = 1) as first_decided_on,
    case
        when bool_or(position = 1 and is_denial) then 'denied'
        when bool_or(position = 1 and is_live and (paid_cents > 0 or owed > 0)) then 'passed'
        else 'other'
    end as first_decision
from judged
group by visit_token;
analyze adjudication (visit_token);
