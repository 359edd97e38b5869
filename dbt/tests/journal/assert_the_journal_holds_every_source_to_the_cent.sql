{%- set movements, sums_of_movements = ref('int_payments__balance_movements'), ref('int_payments__balance_sums') %}
{%- set claims, cash, unmatched = ref('int_remits__claims'), ref('int_month__cash'), ref('int_remits__unmatched') -%}
-- What came in, by source, is what the entries of that source say: nothing is missing, nothing stands twice. A run that is not
-- whole reads sums of what came, which the closing of a month compares with the rows (orchestration/checks.py).
with journal as (

    select
        source_kind,
        account,
        sum(debit_cents - credit_cents) as cents
    from {{ ref('int_journal__months') }}
    group by source_kind, account

),

sources as (

    select
        'remittance' as source_kind,
        'eft_clearing' as account,
        coalesce(sum(bpr_cents), 0) as cents
    from {{ ref('era_tieout') }}
    where verdict = 'posted'
    union all
    select
        'remittance',
        'remittance_clearing',
        -coalesce(sum(claims_cents), 0)
    from {{ ref('era_tieout') }}
    where verdict = 'posted'
    union all
    select
        'remittance_claim',
        'remittance_clearing',
        {% if flags.FULL_REFRESH -%}
            (select coalesce(sum(claims.paid_cents), 0) from {{ claims }} as claims)
        {%- else -%}
            (select coalesce(sum(cash.payer_paid_cents), 0) from {{ cash }} as cash)
            + (select coalesce(sum(claims.paid_cents), 0) from {{ unmatched }} as claims)
        {%- endif %}
    union all
    select
        'balance_transaction',
        'stripe_clearing',
        coalesce(sum(net_cents), 0)
    from {{ movements if flags.FULL_REFRESH else sums_of_movements }}
    union all
    select 'deposit', 'bank', coalesce(sum(amount_cents), 0)
    from {{ ref('stg_bank__deposits') }}
    union all
    select
        'memo',
        'patient_receivable',
        coalesce(sum(case kind when 'debit' then amount_cents else -amount_cents end), 0)
    from {{ ref('memos') }}
    union all
    select 'demand', 'patient_receivable', coalesce(sum(patient_billed_cents), 0)
    from {{ ref('int_month__visit_sums') }}
    union all
    select
        'receipt',
        'patient_receivable',
        -coalesce(sum(patient_collected_cents), 0)
    from {{ ref('int_month__visit_sums') }}
    union all
    select
        'receipt',
        'cash',
        coalesce(sum(amount_cents), 0)
    from {{ ref('int_payments__collected_lines') }}
    union all
    select
        'subscription_invoice',
        'subscription_receivable',
        coalesce(sum(invoiced_cents + credited_cents), 0)
    from {{ ref('subscription_invoices') }}
    union all
    select
        'recognition',
        'subscription_revenue',
        -coalesce(sum(recognised_cents), 0)
    from {{ ref('subscription_invoices') }}

)

select
    sources.source_kind,
    sources.account,
    sources.cents as source_cents,
    coalesce(sum(journal.cents), 0) as journal_cents
from sources
left join journal
    on sources.source_kind = journal.source_kind
    and (
        journal.account = sources.account
        or (sources.account = 'cash' and journal.account in ('stripe_pending', 'disputes'))
    )
group by sources.source_kind, sources.account, sources.cents
having sources.cents <> coalesce(sum(journal.cents), 0)
