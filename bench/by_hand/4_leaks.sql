-- Money that is not where it should be. Makes by_hand.leaks.
create table by_hand.leaks as
with visits as (
    select
        amounts.*,
        coalesce(memo.amount_cents, 0) <> 0 as has_memo,
        revenue.pos_variance_cents
    from amounts
    inner join by_hand.visit_revenue as revenue on amounts.visit_token = revenue.visit_token
    left join by_hand.memos as memo on amounts.visit_token = memo.visit_token
)

select
    visits.visit_token,
    visits.practice_id,
    visits.service_period as period,
    found.category,
    found.cents as amount_cents
from visits
cross join lateral (
    values
    (
        'completed_not_billed',
        bills and patient_target_cents > 0 and patient_billed_cents = 0 and not has_memo,
        patient_target_cents
    ),
    (
        'charge_failed',
        patient_target_cents > 0 and patient_collected_cents = 0 and every_charge_failed,
        patient_target_cents
    ),
    (
        'billed_not_billable',
        not bills and patient_billed_cents > patient_target_cents,
        patient_billed_cents - patient_target_cents
    ),
    (
        'claim_never_adjudicated',
        payer_id is not null and bills and not is_adjudicated and current_setting('bench.as_of')::date - ended_on > 45,
        coalesce(expected_allowed_cents, charge_cents) - patient_estimate_cents
    ),
    ('denied', bills and is_denied, coalesce(expected_allowed_cents, last_everything)),
    (
        'pos_mismatch',
        bills and not is_denied and pos_paid <> place_of_service
        and pos_paid in ('02', '10') and place_of_service in ('02', '10'),
        pos_variance_cents
    ),
    (
        'underpaid',
        bills and not is_denied and expected_at_paid_cents - allowed_cents >= 100,
        expected_at_paid_cents - allowed_cents
    ),
    ('remit_for_unbillable_visit', not bills and is_adjudicated and payer_paid_cents > 0, payer_paid_cents)
) as found (category, applies, cents)
where found.applies
union all
select
    duplicate.visit_token,
    amounts.practice_id,
    amounts.service_period,
    'duplicate_charge',
    duplicate.cents
from duplicate
inner join amounts on duplicate.visit_token = amounts.visit_token
union all
select
    null,
    null,
    to_char(charge.created_at, 'YYYY-MM'),
    'orphan_charge',
    charge.captured_cents
from charge
left join amounts on charge.visit_token = amounts.visit_token
where charge.status = 'succeeded' and amounts.visit_token is null
union all
select
    null,
    null,
    to_char(remit.paid_on, 'YYYY-MM'),
    'eft_missing',
    remit.bpr_cents
from remit
where
    remit.verdict = 'posted' and remit.bpr_method = 'ACH' and remit.bpr_cents > 0
    and current_setting('bench.as_of')::date - remit.paid_on > 10
    and not exists (
        select from raw.bank_deposit as deposit
        where deposit.trace_number = remit.trn_number and deposit.amount_cents = remit.bpr_cents
    );
analyze by_hand.leaks;
