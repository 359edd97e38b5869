-- Visits as they stand, every amount of each, and the memos that level them. Makes by_hand.memos and by_hand.visit_revenue.

create temporary table visit as
select distinct on (visit_token)
    *,
    (coalesce(started_at, scheduled_start) at time zone 'UTC')::date as service_on,
    (coalesce(ended_at, scheduled_end) at time zone 'UTC')::date as ended_on
from raw.visit
order by visit_token, state_changed_at desc, row_sha256 desc;
analyze visit (visit_token, payer_id, practice_id, service_code, place_of_service);

create temporary table fee as
select distinct on (payer_id, service_code, place_of_service, effective_from) *
from raw.fee
order by payer_id, service_code, place_of_service, effective_from, load_id desc, row_number desc;
analyze fee;

create temporary table amounts as
select
    visit.*,
    to_char(visit.service_on, 'YYYY-MM') as service_period,
    verdict.bills,
    verdict.on_hold,
    verdict.target_cents as rule_target_cents,
    case
        when verdict.on_hold then coalesce(paying.billed_cents, 0)
        when verdict.bills and adjudication.is_live then adjudication.owed
        else verdict.target_cents
    end as patient_target_cents,
    coalesce(paying.billed_cents, 0) as patient_billed_cents,
    coalesce(paying.collected_cents, 0) as patient_collected_cents,
    coalesce(paying.every_charge_failed, false) as every_charge_failed,
    coalesce(adjudication.payer_paid_cents, 0) as payer_paid_cents,
    adjudication.owed as patient_responsibility_cents,
    coalesce(adjudication.contractual, 0) as contractual_cents,
    coalesce(adjudication.sequestration, 0) as sequestration_cents,
    coalesce(adjudication.denied, 0) as denied_cents,
    coalesce(adjudication.other, 0) as other_adjustment_cents,
    case when adjudication.primary_is_live then adjudication.allowed end as allowed_cents,
    case when adjudication.primary_is_live then adjudication.primary_charge_cents end as primary_charge_cents,
    coalesce(adjudication.is_live, false) as is_adjudicated,
    coalesce(adjudication.is_denied, false) as is_denied,
    coalesce(adjudication.newest_is_reversal, false) as newest_is_reversal,
    adjudication.newest_claim_id,
    adjudication.last_everything,
    adjudication.pos_paid,
    adjudication.first_decided_on,
    adjudication.first_decision,
    at_ledger.allowed_cents * visit.units as expected_allowed_cents,
    at_paid.allowed_cents * visit.units as expected_at_paid_cents,
    case when verdict.bills or verdict.on_hold then visit.charge_cents else 0 end as gross_revenue_cents,
    case when verdict.bills and visit.payer_id is null then visit.charge_cents - verdict.target_cents else 0 end
        as price_concession_cents,
    case when verdict.bills or verdict.on_hold then 0 else verdict.target_cents end as missed_visit_fee_cents,
    case when visit.payer_id is not null and (verdict.bills or verdict.on_hold) then 'payer' else 'unbilled' end
        || '_receivable' as receivable
from visit
left join (
    select distinct on (practice_id) practice_id, policy_key
    from raw.practice
    order by practice_id, load_id desc, row_number desc
) as practice using (practice_id)
inner join raw.visit_verdict as verdict
    on visit.visit_token = verdict.visit_token
    and visit.state_changed_at = verdict.state_changed_at
    and visit.row_sha256 = verdict.row_sha256
    and verdict.policy_key = coalesce(practice.policy_key, 'default')
left join adjudication on visit.visit_token = adjudication.visit_token
left join paying on visit.visit_token = paying.visit_token
left join fee as at_ledger
    on visit.payer_id = at_ledger.payer_id
    and visit.service_code = at_ledger.service_code
    and visit.place_of_service = at_ledger.place_of_service
    and visit.service_on between at_ledger.effective_from and coalesce(at_ledger.effective_to, visit.service_on)
left join fee as at_paid
    on visit.payer_id = at_paid.payer_id
    and visit.service_code = at_paid.service_code
    and coalesce(adjudication.pos_paid, visit.place_of_service) = at_paid.place_of_service
    and visit.service_on between at_paid.effective_from and coalesce(at_paid.effective_to, visit.service_on);
analyze amounts (visit_token);

create table by_hand.memos as
select
    ledger.memo_id(amounts.visit_token, 1) as memo_id,
    amounts.visit_token,
    amounts.practice_id,
    case when due.cents > 0 then 'debit' else 'credit' end as kind,
    abs(due.cents) as amount_cents,
    causes.reason,
    case causes.reason
        when 'duplicate_charge' then 'charge:' || duplicate.first_charge_id
        when 'visit_state'
            then 'visit:' || to_char(amounts.state_changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        else 'remit:' || amounts.newest_claim_id
    end as caused_by,
    amounts.service_period as origin_period,
    to_char(current_setting('bench.as_of')::date, 'YYYY-MM') as period,
    'pending' as posting_status
from amounts
left join duplicate on amounts.visit_token = duplicate.visit_token
cross join lateral (select amounts.patient_target_cents - amounts.patient_billed_cents as cents) as due
cross join lateral (
    select
        case
            when duplicate.cents = -due.cents then 'duplicate_charge'
            when not amounts.bills and duplicate.cents is null then 'visit_state'
            when amounts.newest_is_reversal then 'payer_reversal'
            when amounts.is_adjudicated then 'payer_adjudication'
            when duplicate.cents is not null then 'duplicate_charge'
            else 'visit_state'
        end as reason
) as causes
where not amounts.on_hold and (amounts.is_adjudicated or due.cents < 0) and due.cents <> 0;
alter table by_hand.memos add primary key (memo_id);
analyze by_hand.memos;

create table by_hand.visit_revenue as
select
    amounts.visit_token,
    amounts.practice_id,
    amounts.provider_id,
    amounts.state,
    amounts.service_period,
    amounts.payer_id,
    amounts.service_code,
    amounts.charge_cents,
    amounts.payer_paid_cents,
    amounts.patient_responsibility_cents,
    amounts.patient_target_cents,
    amounts.patient_billed_cents,
    amounts.patient_collected_cents,
    asked.memo_cents,
    amounts.contractual_cents,
    amounts.sequestration_cents,
    amounts.denied_cents,
    amounts.other_adjustment_cents,
    amounts.allowed_cents,
    amounts.place_of_service as pos_ledger,
    amounts.pos_paid,
    amounts.expected_allowed_cents,
    variance.cents as pos_variance_cents,
    amounts.payer_paid_cents + amounts.patient_target_cents + coalesce(variance.cents, 0) as pos_adjusted_revenue_cents,
    asked.cents - amounts.patient_collected_cents as patient_balance_cents,
    amounts.ended_on,
    amounts.first_decided_on,
    amounts.first_decision,
    amounts.gross_revenue_cents,
    amounts.price_concession_cents,
    amounts.missed_visit_fee_cents,
    case when amounts.receivable = 'payer_receivable' then amounts.gross_revenue_cents - asked.cents else 0 end
        - amounts.payer_paid_cents - amounts.contractual_cents - amounts.sequestration_cents - amounts.denied_cents
        - amounts.other_adjustment_cents as payer_receivable_cents,
    case
        when amounts.receivable = 'payer_receivable' then 0
        else
            amounts.gross_revenue_cents - amounts.price_concession_cents + amounts.missed_visit_fee_cents - asked.cents
    end as unbilled_cents
from amounts
left join by_hand.memos as memo on amounts.visit_token = memo.visit_token
cross join lateral (
    select
        coalesce(case memo.kind when 'debit' then memo.amount_cents else -memo.amount_cents end, 0) as memo_cents
) as signed
cross join lateral (
    select
        signed.memo_cents,
        amounts.patient_billed_cents + signed.memo_cents as cents
) as asked
cross join lateral (
    select
        case
            when coalesce(amounts.pos_paid, amounts.place_of_service) = amounts.place_of_service then 0
            else amounts.expected_allowed_cents - amounts.expected_at_paid_cents
        end as cents
) as variance;
alter table by_hand.visit_revenue add primary key (visit_token);
analyze by_hand.visit_revenue;
