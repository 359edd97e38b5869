-- The journal by month of origin is the month in figures; memos stand in the month they were posted to.
with journal as (

    select
        case when measures.measure = 'memo' then journal.period else journal.origin_period end as period,
        measures.measure,
        sum(measures.sign * (journal.debit_cents - journal.credit_cents)) as cents
    from {{ ref('int_journal__months') }} as journal
    inner join (
        values
        ('remittance_claim', 'contractual_adjustment', 'contractual', 1),
        ('remittance_claim', 'sequestration', 'sequestration', 1),
        ('remittance_claim', 'denial', 'denied', 1),
        ('supersession', 'denial', 'denied', 1),
        ('remittance_claim', 'other_adjustment', 'other_adjustment', 1),
        ('remittance_claim', 'remittance_clearing', 'payer_paid', 1),
        ('remittance_claim', 'unapplied_cash', 'payer_paid', 1),
        ('demand', 'patient_receivable', 'patient_billed', 1),
        ('receipt', 'patient_receivable', 'patient_collected', -1),
        ('memo', 'patient_receivable', 'memo', 1)
    ) as measures (source_kind, account, measure, sign)
        on journal.source_kind = measures.source_kind
        and journal.account = measures.account
    group by 1, 2

),

summary as (

    select
        period,
        case when measure like 'memo%' then 'memo' else measure end as measure,
        sum(case measure when 'memo_credit' then -amount_cents else amount_cents end) as cents
    from {{ ref('month_summary') }}
    where
        measure in ('memo_debit', 'memo_credit')
        or measure in (select journal.measure from journal)
    group by 1, 2

)

select
    period,
    measure,
    journal.cents as journal_cents,
    summary.cents as summary_cents
from journal
full outer join summary using (period, measure)
where coalesce(journal.cents, 0) <> coalesce(summary.cents, 0)
