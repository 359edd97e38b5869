-- The month in figures. Makes by_hand.month_summary, revenue_waterfall, pos_mix, underpayments, payer_scorecard, month_ratios,
-- lag_triangle, ar_ageing, denials and unified_revenue.

-- Every visit once, by what the figures of the month are cut by.
create temporary table cut as
select
    service_period as period,
    payer_id,
    pos_ledger,
    pos_paid,
    count(*) as visits,
    count(*) filter (where payer_id is not null and gross_revenue_cents > 0) as submitted_visits,
    count(*) filter (where denied_cents <> 0) as denied_visits,
    count(first_decision) as decided_visits,
    count(*) filter (where first_decision = 'passed') as passed_visits,
    count(*) filter (where first_decision = 'denied') as first_denied_visits,
    count(first_decided_on) as timed_visits,
    sum(first_decided_on - ended_on) as days_to_decision,
    count(*) filter (where pos_variance_cents is null) as unpriced_visits,
    sum(gross_revenue_cents) as gross,
    sum(case when payer_id is not null then gross_revenue_cents else 0 end) as submitted,
    sum(price_concession_cents) as concession,
    sum(missed_visit_fee_cents) as missed,
    sum(contractual_cents) as contractual,
    sum(sequestration_cents) as sequestration,
    sum(denied_cents) as denied,
    sum(other_adjustment_cents) as other,
    sum(
        gross_revenue_cents - contractual_cents - sequestration_cents - denied_cents - other_adjustment_cents
        - price_concession_cents + missed_visit_fee_cents
    ) as net,
    sum(payer_paid_cents) as payer_paid,
    sum(patient_billed_cents + memo_cents) as patient_share,
    sum(patient_collected_cents) as collected,
    sum(patient_balance_cents) as patient_balance,
    sum(payer_receivable_cents) as payer_receivable,
    sum(unbilled_cents) as unbilled,
    coalesce(sum(allowed_cents), 0) as allowed,
    coalesce(sum(expected_allowed_cents), 0) as expected,
    coalesce(sum(pos_variance_cents), 0) as variance
from by_hand.visit_revenue
group by service_period, payer_id, pos_ledger, pos_paid;

create table by_hand.month_summary as
with figures as (
    select visits.service_period as period, measures.measure, measures.cents, measures.counts::int as entries
    from by_hand.visit_revenue as visits
    cross join lateral (
        values
        ('visits', 0, true),
        ('gross_charges', charge_cents, charge_cents <> 0),
        ('contractual', contractual_cents, contractual_cents <> 0),
        ('sequestration', sequestration_cents, sequestration_cents <> 0),
        ('denied', denied_cents, denied_cents <> 0),
        ('other_adjustment', other_adjustment_cents, other_adjustment_cents <> 0),
        ('allowed', coalesce(allowed_cents, 0), allowed_cents is not null),
        ('payer_paid', payer_paid_cents, payer_paid_cents <> 0),
        (
            'patient_responsibility',
            coalesce(patient_responsibility_cents, 0),
            patient_responsibility_cents is not null
        ),
        ('patient_target', patient_target_cents, patient_target_cents <> 0),
        ('patient_billed', patient_billed_cents, patient_billed_cents <> 0),
        ('patient_collected', patient_collected_cents, patient_collected_cents <> 0),
        ('pos_variance', coalesce(pos_variance_cents, 0), coalesce(pos_variance_cents <> 0, false)),
        ('pos_adjusted_revenue', pos_adjusted_revenue_cents, pos_adjusted_revenue_cents <> 0),
        ('patient_balance', patient_balance_cents, patient_balance_cents <> 0),
        (
            case
                when state not in ('completed', 'partially_completed') then 'withheld_not_billable'
                when payer_id is null then 'withheld_self_pay_policy'
                when allowed_cents is null then 'withheld_awaiting_payer'
                else 'withheld_later_payers'
            end,
            charge_cents - contractual_cents - sequestration_cents - denied_cents - other_adjustment_cents
            - payer_paid_cents - patient_target_cents,
            charge_cents <> contractual_cents + sequestration_cents + denied_cents + other_adjustment_cents
            + payer_paid_cents + patient_target_cents
        )
    ) as measures (measure, cents, counts)
    union all
    select period, 'memo_' || kind, amount_cents, 1 from by_hand.memos
    union all
    select period, 'leak_' || category, amount_cents, 1 from by_hand.leaks
    union all
    select
        origin_period,
        case account
            when 'patient_receivable' then 'visit_memos'
            when 'gross_patient_service_revenue' then 'gross_revenue'
            when 'implicit_price_concession' then 'price_concession'
            else account
        end,
        case
            when account in ('gross_patient_service_revenue', 'missed_visit_fees') then credit_cents - debit_cents
            else debit_cents - credit_cents
        end,
        entries
    from moved
    where
        account in ('gross_patient_service_revenue', 'implicit_price_concession', 'missed_visit_fees', 'bad_debt')
        or (account = 'patient_receivable' and source_kind = 'memo')
)

select period, measure, coalesce(sum(cents), 0) as amount_cents, sum(entries) as count
from figures
group by period, measure;

create table by_hand.revenue_waterfall as
select sums.period, steps.position, steps.step, steps.kind, steps.cents as amount_cents
from (
    select
        period,
        sum(gross) as gross,
        sum(contractual) as contractual,
        sum(sequestration) as sequestration,
        sum(denied) as denied,
        sum(other) as other,
        sum(concession) as concession,
        sum(missed) as missed,
        sum(net) as net,
        sum(payer_paid) as payer_paid,
        sum(collected) as collected,
        sum(patient_balance) as patient_balance,
        sum(payer_receivable) as payer_receivable,
        sum(unbilled) as unbilled,
        sum(patient_share) as patient_share
    from cut
    group by period
) as sums
cross join lateral (
    values
    (1, 'gross_patient_service_revenue', 'total', gross),
    (2, 'contractual', 'movement', -contractual),
    (3, 'sequestration', 'movement', -sequestration),
    (4, 'denied', 'movement', -denied),
    (5, 'other_adjustment', 'movement', -other),
    (6, 'price_concession', 'movement', -concession),
    (7, 'missed_visit_fees', 'movement', missed),
    (8, 'net_patient_service_revenue', 'total', net),
    (9, 'payer_paid', 'movement', -payer_paid),
    (10, 'patient_collected', 'movement', -collected),
    (11, 'outstanding', 'total', patient_balance + payer_receivable + unbilled),
    (12, 'patient_balance', 'part', patient_balance),
    (13, 'payer_receivable', 'part', payer_receivable),
    (14, 'unbilled', 'part', unbilled),
    (15, 'patient_share', 'note', patient_share)
) as steps (position, step, kind, cents);

create table by_hand.pos_mix as
select
    period,
    payer_id,
    pos_ledger,
    pos_paid,
    visits,
    unpriced_visits,
    allowed as allowed_cents,
    expected as expected_allowed_cents,
    variance as pos_variance_cents
from cut
where payer_id is not null;

create table by_hand.underpayments as
select
    amounts.service_period as period,
    amounts.payer_id,
    amounts.service_code,
    coalesce(amounts.pos_paid, amounts.place_of_service) as place_of_service,
    count(*) as visits,
    sum(amounts.expected_at_paid_cents) as expected_cents,
    sum(amounts.allowed_cents) as allowed_cents,
    sum(leak.amount_cents) as underpaid_cents
from by_hand.leaks as leak
inner join amounts on leak.visit_token = amounts.visit_token
where leak.category = 'underpaid'
group by 1, 2, 3, 4;

create table by_hand.payer_scorecard as
select
    sums.*,
    coalesce(underpaid.visits, 0) as underpaid_visits,
    coalesce(underpaid.cents, 0) as underpaid_cents
from (
    select
        period,
        payer_id,
        sum(visits) as visits,
        sum(submitted_visits) as submitted_visits,
        sum(decided_visits) as decided_visits,
        round(1.0 * sum(days_to_decision) / nullif(sum(timed_visits), 0), 4) as days_to_pay,
        round(10000.0 * sum(passed_visits) / nullif(sum(decided_visits), 0), 4) as first_pass_bp,
        sum(denied_visits) as denied_visits,
        sum(denied) as denied_cents,
        sum(submitted) as submitted_cents,
        round(10000.0 * sum(denied) / nullif(sum(submitted), 0), 4) as denial_bp,
        round(10000.0 * sum(payer_paid + collected) / nullif(sum(gross + missed - contractual), 0), 4) as net_collection_bp,
        sum(payer_paid) as payer_paid_cents,
        sum(payer_receivable) as payer_receivable_cents
    from cut
    where payer_id is not null
    group by period, payer_id
) as sums
left join (
    select period, payer_id, sum(visits) as visits, sum(underpaid_cents) as cents
    from by_hand.underpayments
    group by period, payer_id
) as underpaid using (period, payer_id);

create table by_hand.lag_triangle as
select
    amounts.service_period,
    to_char(paid.paid_on, 'YYYY-MM') as paid_period,
    12 * (extract(year from min(paid.paid_on)) - left(amounts.service_period, 4)::int)
    + extract(month from min(paid.paid_on)) - right(amounts.service_period, 2)::int as lag_months,
    sum(paid.payer_cents) as payer_paid_cents,
    sum(paid.claims) as remit_claims,
    sum(paid.patient_cents) as patient_collected_cents,
    sum(paid.payments) as patient_payments
from (
    select visit_token, paid_on, paid_cents as payer_cents, 1 as claims, 0 as patient_cents, 0 as payments
    from claim
    union all
    select visit_token, happened_on, 0, 0, cents, 1
    from receipt
) as paid
inner join amounts on paid.visit_token = amounts.visit_token
group by amounts.service_period, to_char(paid.paid_on, 'YYYY-MM');

create table by_hand.ar_ageing as
with written_off as (
    select visit_token, sum(remaining_cents) as cents
    from invoice
    where status = 'uncollectible'
    group by visit_token
),

owed as (
    select
        parts.payer_id,
        width_bucket(current_setting('bench.as_of')::date - visits.ended_on, array[31, 61, 91, 121]) as bucket,
        sum(parts.cents) as cents,
        sum(parts.written_off) as written_off,
        count(*) as visits
    from by_hand.visit_revenue as visits
    left join written_off on visits.visit_token = written_off.visit_token
    cross join lateral (
        values
        ('patient', visits.patient_balance_cents, coalesce(written_off.cents, 0)),
        (coalesce(visits.payer_id, 'no_payer'), visits.payer_receivable_cents, 0),
        ('unbilled', visits.unbilled_cents, 0)
    ) as parts (payer_id, cents, written_off)
    where parts.cents <> 0 or parts.written_off <> 0
    group by 1, 2
)

select
    current_setting('bench.as_of')::date as as_of,
    payers.payer_id,
    buckets.name as bucket,
    coalesce(owed.cents, 0) as amount_cents,
    coalesce(owed.written_off, 0) as written_off_cents,
    coalesce(owed.visits, 0) as visits
from (select distinct payer_id from owed) as payers
cross join (values (0, '0-30'), (1, '31-60'), (2, '61-90'), (3, '91-120'), (4, '120+')) as buckets (bucket, name)
left join owed on payers.payer_id = owed.payer_id and buckets.bucket = owed.bucket;

create table by_hand.month_ratios as
with months as (
    select
        cut.period,
        sum(cut.payer_paid + cut.collected) as cash,
        sum(cut.gross + cut.missed - cut.contractual) as collectable,
        sum(cut.net) as net,
        sum(cut.gross) as gross,
        sum(cut.denied) as denied,
        sum(cut.submitted) as submitted,
        sum(cut.denied_visits) as denied_visits,
        sum(cut.submitted_visits) as submitted_visits,
        sum(cut.first_denied_visits) as first_denied,
        sum(cut.passed_visits) as passed,
        sum(cut.decided_visits) as decided,
        max(bad.cents) as bad
    from cut
    left join (
        select origin_period as period, sum(debit_cents - credit_cents) as cents
        from moved
        where account = 'bad_debt'
        group by origin_period
    ) as bad on cut.period = bad.period
    group by cut.period
),

-- Net revenue and days of a month and the two before it, from the first with revenue on; the running month to its day.
balances as (
    select
        *,
        case
            when period >= min(period) filter (where net <> 0) over ()
                then
                    greatest(
                        least((first_day + interval '1 month')::date, current_setting('bench.as_of')::date + 1) - first_day,
                        0
                    )
            else 0
        end as days
    from (
        select
            period,
            to_date(period, 'YYYY-MM') as first_day,
            sum(closing_cents) filter (
                where account in ('patient_receivable', 'payer_receivable', 'unbilled_receivable')
            ) as owed,
            sum(credit_cents - debit_cents) filter (
                where account in (
                    'gross_patient_service_revenue', 'missed_visit_fees', 'contractual_adjustment', 'sequestration',
                    'denial', 'other_adjustment', 'implicit_price_concession'
                )
            ) as net
        from by_hand.trial_balance
        group by period
    ) as sums
),

ratios as (
    select months.period, measures.*, null::bigint as days
    from months
    cross join lateral (
        values
        ('net_collection_rate', false, cash, collectable),
        ('cash_to_net_revenue', false, cash, net),
        ('bad_debt_rate', false, coalesce(bad, 0), gross),
        ('denial_rate', false, denied, submitted),
        ('denial_rate_visits', true, denied_visits, submitted_visits),
        ('initial_denial_rate', true, first_denied, decided),
        ('first_pass_yield', true, passed, decided)
    ) as measures (measure, is_count, numerator, denominator)
    union all
    select period, 'days_in_ar', false, owed, sum(net) over quarter, sum(days) over quarter
    from balances
    window quarter as (order by period rows between 2 preceding and current row)
    union all
    select
        to_char(as_of, 'YYYY-MM'),
        'ar_over_90',
        false,
        coalesce(sum(amount_cents - written_off_cents) filter (where bucket in ('91-120', '120+')), 0),
        sum(amount_cents - written_off_cents),
        null
    from by_hand.ar_ageing
    group by as_of
)

select
    period,
    measure,
    case when not is_count then numerator end as numerator_cents,
    case when not is_count then denominator end as denominator_cents,
    case when is_count then numerator end as numerator_count,
    case when is_count then denominator end as denominator_count,
    case when measure <> 'days_in_ar' and denominator > 0 then round(10000.0 * numerator / denominator, 4) end as ratio,
    case when measure = 'days_in_ar' and denominator > 0 then round(1.0 * numerator * days / denominator, 4) end as days
from ratios;

create table by_hand.denials as
select
    amounts.service_period as period,
    amounts.payer_id,
    adjustment.group_code,
    adjustment.reason_code,
    count(distinct denial.claim_id) as claims,
    sum(adjustment.amount_cents) as amount_cents
from judged as denial
inner join amounts on denial.visit_token = amounts.visit_token
inner join raw.era_adjustment as adjustment
    on denial.file_sha256 = adjustment.file_sha256
    and denial.st_index = adjustment.st_index
    and denial.claim_index = adjustment.claim_index
where denial.is_live and denial.is_denial and denial.payer_order = 1
group by 1, 2, 3, 4;

create table by_hand.unified_revenue as
select
    to_char(happened_on, 'YYYY-MM') as period,
    customer_id,
    sum(billed) as visit_billed_cents,
    sum(cash) as visit_cash_cents,
    count(distinct visit_token) as visits
from (
    select happened_on, customer_id, visit_token, cents as billed, 0 as cash
    from demand
    union all
    select happened_on, customer_id, visit_token, 0, cents
    from receipt
) as lines
group by to_char(happened_on, 'YYYY-MM'), customer_id
having count(*) filter (where billed <> 0 or cash <> 0) > 0;
