-- The journal is the month in figures, of closed months too: what came in time by month of origin, what came late by the month it
-- was posted to. Memos stand in the month they were posted to.
with lines as (

    select
        case when is_late then period else origin_period end as period,
        case when is_late then 'prior_period_' || measure else measure end as measure,
        amount_cents as cents
    from {{ ref('int_journal__measures') }}
    union all
    select
        period,
        'memo',
        debit_cents - credit_cents
    from {{ ref('int_journal__months') }}
    where source_kind = 'memo' and account = 'patient_receivable'

),

journal as (

    select
        period,
        measure,
        sum(cents) as cents
    from lines
    group by period, measure

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
    group by period, case when measure like 'memo%' then 'memo' else measure end

)

select
    period,
    measure,
    journal.cents as journal_cents,
    summary.cents as summary_cents
from journal
full outer join summary using (period, measure)
where coalesce(journal.cents, 0) <> coalesce(summary.cents, 0)
