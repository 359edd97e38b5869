-- Double entry: every fact once, a line an account, debits positive; and what the accounts add up to. Makes
-- by_hand.revenue_feed, by_hand.trial_balance and by_hand.roll_forwards.

create temporary table deposit as
select distinct on (deposit_id) *
from raw.bank_deposit
order by deposit_id, load_id desc, row_number desc;
analyze deposit;

-- Payouts at the bank: of their amount, without a trace number, on the day of arrival or up to five days later.
create temporary table payout as
select
    thing.object_id as payout_id,
    thing.created_at,
    thing.status,
    (thing.payload ->> 'amount')::bigint as cents,
    (thing.payload ->> 'automatic')::boolean as is_automatic,
    (to_timestamp((thing.payload ->> 'arrival_date')::bigint) at time zone 'UTC')::date as arrives_on,
    seen.deposit_id,
    seen.deposited_on
from thing
left join lateral (
    select deposit.deposit_id, deposit.deposited_on
    from deposit
    where
        deposit.trace_number is null
        and deposit.amount_cents = (thing.payload ->> 'amount')::bigint
        and deposit.deposited_on
        - (to_timestamp((thing.payload ->> 'arrival_date')::bigint) at time zone 'UTC')::date between 0 and 5
    order by deposit.deposited_on, deposit.deposit_id
    limit 1
) as seen on true
where thing.object_type = 'payout';
analyze payout;

create table by_hand.revenue_feed as
with line as (
    -- What visits are worth by their list prices, and what a missed one costs.
    select
        'visit' as source_kind,
        visit_token::text as source_id,
        account,
        cents,
        visit_token,
        practice_id,
        payer_id,
        service_period as origin_period,
        service_on as effective_on
    from amounts
    cross join lateral (
        values
        (receivable, gross_revenue_cents - price_concession_cents + missed_visit_fee_cents),
        ('gross_patient_service_revenue', -gross_revenue_cents),
        ('implicit_price_concession', price_concession_cents),
        ('missed_visit_fees', -missed_visit_fee_cents)
    ) as lines (account, cents)
    where cents <> 0
    union all
    -- What was asked of patients, by Stripe's objects and by memos.
    select
        asked.source_kind,
        asked.source_id,
        lines.account,
        lines.cents,
        amounts.visit_token,
        amounts.practice_id,
        amounts.payer_id,
        amounts.service_period,
        asked.happened_on
    from (
        select 'demand' as source_kind, source_id, visit_token, happened_on, cents
        from demand
        union all
        select
            'memo',
            memo_id::text,
            visit_token,
            current_setting('bench.as_of')::date,
            case kind when 'debit' then amount_cents else -amount_cents end
        from by_hand.memos
    ) as asked
    inner join amounts on asked.visit_token = amounts.visit_token
    cross join lateral (
        values ('patient_receivable', asked.cents), (amounts.receivable, -asked.cents)
    ) as lines (account, cents)
    union all
    -- Cash of patients as Stripe's objects tell it; a lost dispute takes it back.
    select
        'receipt',
        receipt.source_id,
        lines.account,
        lines.cents,
        amounts.visit_token,
        amounts.practice_id,
        amounts.payer_id,
        coalesce(amounts.service_period, to_char(receipt.happened_on, 'YYYY-MM')),
        receipt.happened_on
    from receipt
    left join amounts on receipt.visit_token = amounts.visit_token
    cross join lateral (
        values
        (case when receipt.is_dispute then 'disputes' else 'stripe_pending' end, receipt.cents),
        (case when amounts.visit_token is null then 'unapplied_cash' else 'patient_receivable' end, -receipt.cents)
    ) as lines (account, cents)
    union all
    -- The same cash as it moves the Stripe balance.
    select
        'balance_transaction',
        movement.movement_id,
        lines.account,
        lines.cents,
        null,
        null,
        null,
        to_char(movement.happened_on, 'YYYY-MM'),
        movement.happened_on
    from movement
    cross join lateral (
        values
        ('stripe_clearing', movement.net_cents),
        (movement.account, -movement.cents),
        ('processor_fees', movement.fee_cents)
    ) as lines (account, cents)
    where lines.cents <> 0
    union all
    -- What payers announce that they transfer, and what they say it pays.
    select
        'remittance',
        remit.file_sha256 || '#' || remit.st_index,
        lines.account,
        lines.cents,
        null,
        null,
        remit.payer_id,
        to_char(remit.paid_on, 'YYYY-MM'),
        remit.paid_on
    from remit
    cross join lateral (
        values ('eft_clearing', remit.bpr_cents), ('remittance_clearing', -remit.claims_cents)
    ) as lines (account, cents)
    where remit.verdict = 'posted'
    union all
    -- What each claim pays and takes off; a reversal takes back what the claim it undoes had taken off.
    select
        'remittance_claim',
        claim.claim_id,
        lines.account,
        lines.cents,
        claim.visit_token,
        amounts.practice_id,
        coalesce(amounts.payer_id, claim.payer_id),
        amounts.service_period,
        claim.paid_on
    from judged as claim
    inner join amounts on claim.visit_token = amounts.visit_token
    left join undone
        on claim.is_reversal
        and claim.visit_token = undone.visit_token
        and claim.position = undone.by_position
    left join judged as before on undone.visit_token = before.visit_token and undone.position = before.position
    cross join lateral (
        select
            case when claim.is_reversal then -before.kept_contractual else claim.kept_contractual end as contractual,
            case when claim.is_reversal then -before.kept_sequestration else claim.kept_sequestration end as sequestration,
            case when claim.is_reversal then -before.refused else claim.refused end as denied,
            case when claim.is_reversal then -before.kept_other else claim.kept_other end as other
    ) as takes
    cross join lateral (
        values
        ('remittance_clearing', claim.paid_cents),
        ('payer_receivable', -claim.paid_cents - takes.contractual - takes.sequestration - takes.denied - takes.other),
        ('contractual_adjustment', takes.contractual),
        ('sequestration', takes.sequestration),
        ('denial', takes.denied),
        ('other_adjustment', takes.other)
    ) as lines (account, cents)
    where lines.cents <> 0
    union all
    -- What a superseded denial had refused comes back the day the later claim is paid.
    select
        'supersession',
        denial.claim_id,
        lines.account,
        lines.cents,
        denial.visit_token,
        amounts.practice_id,
        coalesce(amounts.payer_id, denial.payer_id),
        amounts.service_period,
        later.paid_on
    from superseded
    inner join judged as denial on superseded.visit_token = denial.visit_token and superseded.position = denial.position
    inner join judged as later on superseded.visit_token = later.visit_token and superseded.by_position = later.position
    inner join amounts on denial.visit_token = amounts.visit_token
    cross join lateral (
        values ('payer_receivable', denial.refused), ('denial', -denial.refused)
    ) as lines (account, cents)
    where denial.payer_order = 1
    union all
    -- Invoices that are not expected to be paid any more.
    select
        'write_off',
        invoice.invoice_id,
        lines.account,
        lines.cents,
        invoice.visit_token,
        amounts.practice_id,
        amounts.payer_id,
        amounts.service_period,
        invoice.uncollectible_at::date
    from invoice
    inner join amounts on invoice.visit_token = amounts.visit_token
    cross join lateral (
        values ('bad_debt', invoice.remaining_cents), ('patient_receivable', -invoice.remaining_cents)
    ) as lines (account, cents)
    where invoice.status = 'uncollectible' and invoice.remaining_cents <> 0
    union all
    -- What the bank received.
    select
        'deposit',
        deposit.deposit_id,
        lines.account,
        lines.cents,
        null,
        null,
        null,
        to_char(deposit.deposited_on, 'YYYY-MM'),
        deposit.deposited_on
    from deposit
    left join (select distinct trn_number from remit where verdict = 'posted') as announced
        on deposit.trace_number = announced.trn_number
    left join payout on deposit.deposit_id = payout.deposit_id
    cross join lateral (
        values
        ('bank', deposit.amount_cents),
        (
            case
                when announced.trn_number is not null then 'eft_clearing'
                when payout.deposit_id is not null then 'payouts_in_transit'
                else 'unidentified_deposits'
            end,
            -deposit.amount_cents
        )
    ) as lines (account, cents)
)

select
    source_kind,
    source_id,
    account,
    greatest(cents, 0) as debit_cents,
    greatest(-cents, 0) as credit_cents,
    visit_token,
    practice_id,
    payer_id,
    origin_period,
    to_char(effective_on, 'YYYY-MM') as period,
    effective_on
from line;
alter table by_hand.revenue_feed add primary key (source_kind, source_id, account);
analyze by_hand.revenue_feed;

-- The journal added up once for everything below.
create temporary table moved as
select
    period,
    origin_period,
    account,
    source_kind,
    sum(debit_cents) as debit_cents,
    sum(credit_cents) as credit_cents,
    count(*) as entries
from by_hand.revenue_feed
group by period, origin_period, account, source_kind;
analyze moved;

create table by_hand.roll_forwards as
with known as (
    select account, source_kind, min(period) as first_period from moved group by account, source_kind
)

select
    periods.period,
    known.account,
    known.source_kind,
    sum(coalesce(sums.cents, 0)) over so_far - coalesce(sums.cents, 0) as opening_cents,
    coalesce(sums.cents, 0) as movement_cents,
    sum(coalesce(sums.cents, 0)) over so_far as closing_cents,
    coalesce(sums.entries, 0) as entries
from known
inner join (select distinct period from moved) as periods on known.first_period <= periods.period
left join (
    select period, account, source_kind, sum(debit_cents - credit_cents) as cents, sum(entries) as entries
    from moved
    group by period, account, source_kind
) as sums using (period, account, source_kind)
window so_far as (partition by known.account, known.source_kind order by periods.period);

create table by_hand.trial_balance as
with known as (
    select account, min(period) as first_period from moved group by account
)

select
    periods.period,
    known.account,
    sum(coalesce(sums.debit_cents - sums.credit_cents, 0)) over so_far - coalesce(sums.debit_cents - sums.credit_cents, 0)
        as opening_cents,
    coalesce(sums.debit_cents, 0) as debit_cents,
    coalesce(sums.credit_cents, 0) as credit_cents,
    sum(coalesce(sums.debit_cents - sums.credit_cents, 0)) over so_far as closing_cents
from known
inner join (select distinct period from moved) as periods on known.first_period <= periods.period
left join (
    select period, account, sum(debit_cents) as debit_cents, sum(credit_cents) as credit_cents
    from moved
    group by period, account
) as sums using (period, account)
window so_far as (partition by known.account order by periods.period);
