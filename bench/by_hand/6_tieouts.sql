-- Both sides of everything that has two, and what is between them. Makes by_hand.era_tieout, eft_tieout, payout_tieout,
-- balance_tieout, stripe_rollforward, ar_rollforward, reversals and input_tieout.

create table by_hand.era_tieout as
select
    file_sha256,
    st_index,
    trn_number,
    payer_name,
    paid_on,
    bpr_cents,
    claims_cents,
    provider_adjustments_cents,
    residual_cents,
    verdict
from remit;

create table by_hand.eft_tieout as
select
    trn_number,
    coalesce(expected.cents, 0) as expected_cents,
    coalesce(deposited.cents, 0) as deposited_cents,
    coalesce(expected.cents, 0) - coalesce(deposited.cents, 0) as residual_cents,
    case
        when deposited.cents is null then 'missing'
        when expected.cents is null then 'unexpected'
        when expected.cents = deposited.cents then 'matched'
        else 'mismatch'
    end as status,
    expected.payer_name,
    coalesce(expected.remits, 0) as remits,
    coalesce(deposited.deposits, 0) as deposits,
    expected.paid_on,
    deposited.deposited_on,
    deposited.deposited_on - expected.paid_on as days_apart
from (
    select
        trn_number,
        sum(bpr_cents) as cents,
        count(*) as remits,
        min(payer_name) as payer_name,
        min(paid_on) as paid_on
    from remit
    where verdict = 'posted' and bpr_cents > 0 and bpr_method <> 'NON'
    group by trn_number
) as expected
full join (
    select
        trace_number as trn_number,
        sum(amount_cents) as cents,
        count(*) as deposits,
        min(deposited_on) as deposited_on
    from deposit
    where trace_number is not null
    group by trace_number
) as deposited using (trn_number);

create table by_hand.payout_tieout as
select
    payout.payout_id,
    payout.cents as amount_cents,
    coalesce(listed.cents, 0) as transactions_cents,
    case when payout.is_automatic then payout.cents - coalesce(listed.cents, 0) end as residual_cents,
    coalesce(listed.transactions, 0) as transactions,
    payout.status,
    payout.is_automatic,
    payout.arrives_on,
    payout.deposit_id as bank_deposit_id,
    payout.deposited_on,
    case
        when payout.deposit_id is not null then 'found'
        when payout.arrives_on + 5 >= current_setting('bench.as_of')::date then 'waiting'
        else 'missing'
    end as bank_status
from payout
left join (
    select payout_id, sum(net_cents) as cents, count(*) as transactions
    from movement
    where type <> 'payout'
    group by payout_id
) as listed on payout.payout_id = listed.payout_id;

create table by_hand.balance_tieout as
select
    source_id,
    object.source_type,
    coalesce(object.created_at::date, shown.happened_on) as happened_on,
    coalesce(object.cents, 0) as object_cents,
    coalesce(shown.cents, 0) as transactions_cents,
    coalesce(object.cents, 0) - coalesce(shown.cents, 0) as residual_cents,
    coalesce(shown.transactions, 0) as transactions,
    case
        when object.source_id is null then 'no_object'
        when shown.source_id is null then 'no_transaction'
        when object.cents = shown.cents then 'matched'
        else 'mismatch'
    end as status
from (
    select charge_id as source_id, 'charge' as source_type, created_at, captured_cents as cents
    from charge
    where status = 'succeeded'
    union all
    select back_id, object_type, created_at, case when object_type = 'refund' or status = 'lost' then -cents else 0 end
    from back
    union all
    select payout_id, 'payout', created_at, -cents
    from payout
) as object
full join (
    select source_id, min(happened_on) as happened_on, sum(cents) as cents, count(*) as transactions
    from movement
    group by source_id
) as shown using (source_id)
where shown.source_id is not null or object.cents <> 0;
alter table by_hand.balance_tieout add primary key (source_id);

create table by_hand.stripe_rollforward as
with days as (
    select
        happened_on,
        coalesce(sum(cents) filter (where type = 'charge'), 0) as charges_cents,
        coalesce(sum(cents) filter (where type = 'refund'), 0) as refunds_cents,
        coalesce(sum(cents) filter (where type = 'adjustment'), 0) as disputes_cents,
        -sum(fee_cents) as fees_cents,
        coalesce(sum(cents) filter (where type = 'payout'), 0) as payouts_cents,
        coalesce(sum(cents) filter (where type not in ('charge', 'refund', 'adjustment', 'payout')), 0) as other_cents,
        sum(net_cents - cents + fee_cents) as unexplained_cents,
        sum(net_cents) as net_cents,
        count(*) as transactions
    from movement
    group by happened_on
),

spans as (
    select grain, series::date as starts_on, (series + step)::date as next_on
    from (values ('day', interval '1 day'), ('month', interval '1 month')) as grains (grain, step)
    cross join (select min(happened_on)::timestamp as first_day, max(happened_on)::timestamp as last_day from days) as known
    cross join lateral generate_series(date_trunc(grain, first_day), last_day, step) as series
),

sums as (
    select
        spans.grain,
        spans.starts_on,
        coalesce(sum(days.charges_cents), 0) as charges_cents,
        coalesce(sum(days.refunds_cents), 0) as refunds_cents,
        coalesce(sum(days.disputes_cents), 0) as disputes_cents,
        coalesce(sum(days.fees_cents), 0) as fees_cents,
        coalesce(sum(days.payouts_cents), 0) as payouts_cents,
        coalesce(sum(days.other_cents), 0) as other_cents,
        coalesce(sum(days.unexplained_cents), 0) as unexplained_cents,
        coalesce(sum(days.net_cents), 0) as net_cents,
        coalesce(sum(days.transactions), 0) as transactions
    from spans
    left join days on days.happened_on >= spans.starts_on and days.happened_on < spans.next_on
    group by spans.grain, spans.starts_on
)

select
    grain,
    starts_on,
    to_char(starts_on, 'YYYY-MM') as period,
    sum(net_cents) over so_far - net_cents as opening_cents,
    charges_cents,
    refunds_cents,
    disputes_cents,
    fees_cents,
    payouts_cents,
    other_cents,
    unexplained_cents,
    sum(net_cents) over so_far as closing_cents,
    transactions
from sums
window so_far as (partition by grain order by starts_on);

-- What is owed for visits, month to month. A claim credits what is owed with what it pays and what it takes off.
create table by_hand.ar_rollforward as
with taken_off as (
    select period, -sum(movement_cents) as cents
    from by_hand.roll_forwards
    where
        account in ('contractual_adjustment', 'sequestration', 'denial', 'other_adjustment')
        and source_kind = 'remittance_claim'
    group by period
),

sums as (
    select
        period,
        account,
        sum(opening_cents) as opening_cents,
        coalesce(sum(movement_cents) filter (where source_kind = 'visit'), 0) as charges_cents,
        coalesce(sum(movement_cents) filter (where source_kind = 'demand'), 0) as asked_cents,
        coalesce(sum(movement_cents) filter (where source_kind = 'memo'), 0) as memos_cents,
        coalesce(sum(movement_cents) filter (where source_kind in ('receipt', 'remittance_claim')), 0) as payments_cents,
        coalesce(sum(movement_cents) filter (where source_kind = 'supersession'), 0) as superseded_cents,
        coalesce(sum(movement_cents) filter (where source_kind = 'write_off'), 0) as write_offs_cents,
        sum(closing_cents) as closing_cents
    from by_hand.roll_forwards
    where account in ('patient_receivable', 'payer_receivable', 'unbilled_receivable')
    group by period, account
)

select
    sums.period,
    replace(sums.account, '_receivable', '') as owed_by,
    sums.opening_cents,
    sums.charges_cents,
    sums.asked_cents,
    sums.memos_cents,
    sums.payments_cents - coalesce(taken_off.cents, 0) as payments_cents,
    sums.superseded_cents + coalesce(taken_off.cents, 0) as adjustments_cents,
    sums.write_offs_cents,
    sums.closing_cents
from sums
left join taken_off on sums.period = taken_off.period and sums.account = 'payer_receivable';

create table by_hand.reversals as
select
    claim.file_sha256,
    claim.st_index,
    claim.claim_index,
    claim.paid_on,
    claim.trn_number,
    claim.claim_ref,
    claim.payer_claim_number,
    claim.charge_cents,
    claim.paid_cents,
    before.file_sha256 as undoes_file_sha256,
    before.st_index as undoes_st_index,
    before.claim_index as undoes_claim_index,
    claim.visit_token,
    amounts.practice_id
from judged as claim
inner join amounts on claim.visit_token = amounts.visit_token
left join undone on claim.visit_token = undone.visit_token and claim.position = undone.by_position
left join judged as before on undone.visit_token = before.visit_token and undone.position = before.position
where claim.is_reversal;

-- Where two inputs, or two places of one, say different cents.
create table by_hand.input_tieout as
with asked as (
    select visit_token, min(source_id) as source_id
    from demand
    group by visit_token
),

differing as (
    select
        'visit_and_claim' as check_name,
        visit_token::text as source_id,
        charge_cents as stated_cents,
        primary_charge_cents as other_cents,
        visit_token
    from amounts
    where primary_charge_cents <> charge_cents
    union all
    select 'rule_and_demand', amounts.visit_token::text, amounts.rule_target_cents, amounts.patient_billed_cents, visit_token
    from amounts
    inner join asked using (visit_token)
    where amounts.rule_target_cents <> amounts.patient_billed_cents
    union all
    select 'fee_and_allowed', visit_token::text, expected_at_paid_cents, allowed_cents, visit_token
    from amounts
    where expected_at_paid_cents <> allowed_cents and not is_denied
    union all
    select 'payment_and_claims', trn_number, bpr_cents, bpr_cents - residual_cents, null
    from remit
    where residual_cents <> 0 and verdict <> 'duplicate'
    union all
    select 'claim_and_adjustments', claim_ref, charge_cents, charge_cents - residual_cents, visit_token
    from claim
    where residual_cents <> 0
    union all
    select
        'service_and_adjustments', service.service_code, service.charge_cents,
        service.charge_cents - service.residual_cents, claim.visit_token
    from raw.era_service as service
    inner join claim using (file_sha256, st_index, claim_index)
    where service.residual_cents <> 0
    union all
    select 'payment_and_deposit', trn_number, expected_cents, deposited_cents, null
    from by_hand.eft_tieout
    where status = 'mismatch'
    union all
    select
        split_part(movement.type, '_', 1) || '_and_balance_transaction', tieout.source_id,
        tieout.object_cents, movement.cents, charge.visit_token
    from movement
    inner join by_hand.balance_tieout as tieout using (source_id)
    left join charge on movement.source_id = charge.charge_id
    where movement.type in ('charge', 'refund', 'payout') and movement.cents <> tieout.object_cents
    union all
    select 'payment_intent_and_charges', intent.intent_id, intent.received_cents, sum(charge.captured_cents), intent.visit_token
    from intent
    inner join charge using (intent_id)
    where intent.status = 'succeeded' and charge.status = 'succeeded'
    group by intent.intent_id, intent.received_cents, intent.visit_token
    having sum(charge.captured_cents) <> intent.received_cents
    union all
    select 'balance_transaction_and_its_net', movement_id, cents, net_cents + fee_cents, null
    from movement
    where cents <> net_cents + fee_cents
    union all
    select 'invoice_and_what_is_due', invoice_id, due_cents, paid_cents + remaining_cents, visit_token
    from invoice
    where due_cents <> paid_cents + remaining_cents
    union all
    select 'invoice_and_its_total', invoice_id, total_cents, due_cents, visit_token
    from invoice
    where total_cents <> due_cents
)

select
    differing.check_name,
    differing.source_id,
    differing.stated_cents,
    differing.other_cents,
    differing.stated_cents - differing.other_cents as residual_cents,
    amounts.visit_token,
    amounts.practice_id
from differing
left join amounts on differing.visit_token = amounts.visit_token;
