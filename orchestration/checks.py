"""The checks before a month closes: what each asks, its query (key and finding a row), and what to do about a point."""

from typing import Literal, NamedTuple


class Check(NamedTuple):
    """A check. `hard` points can never be explained away, `told` ones hold nothing up.

    `query` takes `period`, `last` (the month's last day) and `timezone`, and gives a key and a sentence a row. A note
    explains a point while the sentence is the same, so the sentence has the amounts: each as a whole number of cents
    with that word behind it, which `dashboards.money.in_dollars` turns into dollars where a person reads it.
    """

    name: str
    asks: str
    force: Literal["hard", "explainable", "told"]
    do: str
    query: str = ""


OVER = Check("over", "The month is over", "hard", "Wait until it is over.")
RUN = Check("run", "The last reconcile succeeded and is of everything loaded", "hard", "trueup reconcile")
CONTRACTS = Check(
    "contracts",
    "No contract on a feed warns",
    "explainable",
    "Mend the file and load it, or: trueup note contracts KEY",
)

# What a feed is known to reach: the newest row, or the day of its newest file where a quiet feed has none to give.
_REACHES = """
    with file as (
        select kind, max(loaded_at at time zone %(timezone)s)::date as loaded_on from raw.file group by kind
    ),
    visit as (
        select
            max(state_changed_at at time zone %(timezone)s)::date as changed_on,
            max(scheduled_start at time zone %(timezone)s)::date as scheduled_on
        from raw.visit
    ),
    feed as (
        select kind, loaded_on, case kind
            when 'visits' then (select greatest(changed_on, least(scheduled_on, loaded_on)) from visit)
            when 'stripe' then (select max(version_at at time zone %(timezone)s)::date from raw.stripe_object)
            when 'era' then greatest(loaded_on, (select max(paid_on) from raw.era_transaction))
            when 'bank' then greatest(loaded_on, (select max(deposited_on) from raw.bank_deposit))
        end as through
        from unnest(array['visits', 'stripe', 'era', 'bank']) as kind
        left join file using (kind)
    )
"""
_AMOUNTS = (
    *("charge", "payer_paid", "patient_billed", "patient_collected", "patient_target", "patient_balance", "unbilled"),
    *("payer_receivable", "contractual", "sequestration", "denied", "other_adjustment", "gross_revenue", "allowed"),
    *("price_concession", "missed_visit_fee", "expected_allowed", "pos_variance", "pos_adjusted_revenue"),
)
# Runs add what was touched to what stood. Published figures rest on that: before a month closes all rows are added up,
# and so is what came, of which the sums would lack what a run failed to touch.
_SUMS = """
    with counted as (
        select
            'visits' as what,
            service_period as period,
            array[count(*), sum(patient_billed_cents + memo_cents), {amounts}] as sums
        from marts.visit_revenue
        group by service_period
        union all
        select
            'movements of the Stripe balance',
            to_char(effective_on, 'YYYY-MM'),
            array[count(*), coalesce(sum(net_cents), 0), sum(fee_cents), coalesce(sum(amount_cents), 0)]
        from intermediate.int_payments__balance_movements
        group by 2
        union all
        select 'entries on ' || line.account, journal.period, array[sum(line.cents)]
        from ledger.journal, unnest(journal.accounts, journal.amounts) as line (account, cents)
        group by line.account, journal.period
        union all
        select 'visits that came', 'all months', array[count(distinct visit_token)]
        from raw.visit
        union all
        select 'balance transactions that came', 'all months', array[count(*), coalesce(sum(net_cents), 0)]
        from staging.stg_stripe__balance_transactions
        union all
        select 'claims that were posted', 'all months', array[coalesce(sum(claims.paid_cents), 0)]
        from staging.stg_era__claims as claims
        inner join staging.stg_era__transactions as transactions using (file_sha256, st_index)
        where claims.never_counts is not true and transactions.verdict = 'posted'
        union all
        select 'payments that were collected', 'all months', array[coalesce(sum(amount_cents), 0)]
        from intermediate.int_payments__collected_lines
    ),
    added_up as (
        select
            'visits' as what,
            service_period as period,
            array[sum(visits), sum(patient_share_cents), {amounts}] as sums
        from intermediate.int_month__visit_sums
        group by service_period
        union all
        select
            'movements of the Stripe balance',
            to_char(effective_on, 'YYYY-MM'),
            array[sum(transactions), sum(net_cents), sum(fee_cents), sum(amount_cents)]
        from intermediate.int_payments__balance_sums
        group by 2
        union all
        select 'entries on ' || account, period, array[sum(debit_cents - credit_cents)]
        from ledger.journal_sum
        group by account, period
        union all
        select 'visits that came', 'all months', array[coalesce(sum(visits), 0)]
        from intermediate.int_month__visit_sums
        union all
        select
            'balance transactions that came',
            'all months',
            array[coalesce(sum(transactions), 0), coalesce(sum(net_cents), 0)]
        from intermediate.int_payments__balance_sums
        union all
        select 'claims that were posted', 'all months', array[coalesce(sum(paid_cents), 0)]
        from (
            select payer_paid_cents as paid_cents from intermediate.int_month__cash
            union all
            select paid_cents from intermediate.int_remits__unmatched
        ) as remitted
        union all
        select
            'payments that were collected',
            'all months',
            array[coalesce(sum(subscription_cash_cents + visit_cash_cents + other_cash_cents), 0)]
        from marts.unified_revenue
    )
    select
        period || '/' || what,
        format('The %%s of %%s add up to something else than was added up run by run.', what, period)
    from counted
    full outer join added_up using (what, period)
    where counted.sums is distinct from added_up.sums
    order by 1
""".format(amounts=", ".join(f"coalesce(sum({name}_cents), 0)" for name in _AMOUNTS))
FEEDS = _REACHES + "select kind, loaded_on, through from feed order by 1"
"""Each feed, the day of its newest file and the day it is known to reach; takes `timezone`."""
_FEEDS = (
    _REACHES
    + """
    select
        %(period)s || '/' || kind,
        format('%%s reach to %%s, and the month ends on %%s.', kind, coalesce(through::text, 'no day'), %(last)s::date)
    from feed
    where loaded_on is not null and (through is null or through < %(last)s)
    order by 1
"""
)
_UNUSED = """
    select %(period)s || '/' || feed, format('Nothing of %%s has ever been loaded.', feed)
    from unnest(array['visits', 'stripe', 'era', 'bank']) as feed
    where not exists (select from raw.file where kind = feed)
    order by 1
"""
_HELD = """
    select
        left(file_sha256, 12) || '#' || st_index,
        format('%%s: %%s, trace %%s, paid on %%s, %%s',
            verdict, coalesce(payer_name, 'a payer'), coalesce(trn_number, 'none'), coalesce(paid_on::text, 'no day'),
            coalesce(bpr_cents || ' cents', 'an unreadable amount'))
    from marts.era_tieout
    where verdict in ('held', 'conflict') and settlement is distinct from 'replaced'
        and coalesce(to_char(paid_on, 'YYYY-MM') <= %(period)s, true)
    order by 1
"""
_ERA = """
    select
        left(file_sha256, 12) || '#' || st_index,
        format('posted with a residual of %%s cents', residual_cents)
    from marts.era_tieout
    where verdict = 'posted' and residual_cents <> 0 and settlement is null
        and coalesce(to_char(paid_on, 'YYYY-MM') <= %(period)s, true)
    order by 1
"""
_EFT = """
    select
        trn_number,
        format('%%s: %%s cents expected, %%s cents deposited', status, expected_cents, deposited_cents)
    from marts.eft_tieout
    where status <> 'matched' and exists (select from raw.bank_deposit)
        and coalesce(least(paid_on, deposited_on) <= %(last)s, true)
    order by 1
"""
_PAYOUTS = """
    select payout_id, format('%%s cents paid out, %%s cents in its transactions', amount_cents, transactions_cents)
    from marts.payout_tieout
    where residual_cents <> 0 and coalesce(arrives_on <= %(last)s, true)
    order by 1
"""
_BALANCE = """
    select
        source_id,
        format('%%s: %%s of %%s cents, %%s cents in the Stripe balance',
            replace(status, '_', ' '), coalesce(source_type, 'a movement'), object_cents, transactions_cents)
    from marts.balance_tieout
    where status <> 'matched' and happened_on <= %(last)s
    order by 1
"""
_INPUTS = """
    select
        check_name,
        format(
            '%%s: %%s',
            check_name,
            case count(*) when 1 then 'one place differs' else count(*) || ' places differ' end
        )
    from marts.input_tieout
    left join marts.visit_revenue using (visit_token)
    where residual_cents <> 0 and coalesce(service_period <= %(period)s, true)
    group by check_name
    order by 1
"""
_ACCOUNTS = """
    with held as (
        select distinct on (account) account, closing_cents
        from marts.trial_balance
        where period <= %(period)s
        order by account, period desc
    )
    select account, format('%%s holds %%s cents', account, closing_cents)
    from held
    where closing_cents <> 0
        and account in ('stripe_unclassified', 'remittance_clearing', 'remittance_difference')
    order by 1
"""
_EMPTY = """
    select
        %(period)s::text,
        format('%%s has no visit and no entry in the journal: another month may be meant.', %(period)s::text)
    where not exists (select from marts.visit_revenue where service_period = %(period)s)
        and not exists (select from ledger.journal where period = %(period)s)
"""
_EARLIER = """
    select period, format('%%s has visits and is open.', period)
    from marts.month_summary
    where measure = 'visits' and period < %(period)s
        and period not in (select period from ledger.closed_month)
    order by 1
"""
_REFUSED = """
    select
        source,
        case count(*)
            when 1 then format('One piece of %%s stands in quarantine.', source)
            else format('%%s pieces of %%s stand in quarantine.', count(*), source)
        end
    from raw.open_quarantine
    group by source
    order by 1
"""

QUERIES = (
    Check("sums", "What runs added up is what all rows add up to", "hard", "trueup reconcile --full", _SUMS),
    Check("feeds", "Feeds reach to the month's end", "explainable", "trueup load …, or: trueup note feeds KEY", _FEEDS),
    Check("empty", "The month has visits or entries", "explainable", "trueup note empty KEY", _EMPTY),
    Check(
        "held_remits",
        "No held or conflicting remit is unexplained",
        "explainable",
        "trueup era explain KEY, then trueup era release or replace, or: trueup note held_remits KEY",
        _HELD,
    ),
    Check(
        "era_tieout",
        "Posted remits balance",
        "explainable",
        "trueup export era_tieout, or: trueup note era_tieout KEY",
        _ERA,
    ),
    Check(
        "eft_tieout",
        "What payers announced is at the bank, and the reverse",
        "explainable",
        "Load the bank's list, ask the payer, or: trueup note eft_tieout KEY",
        _EFT,
    ),
    Check(
        "payout_tieout",
        "Payouts are the sum of their balance transactions",
        "explainable",
        "Load the balance transactions, or: trueup note payout_tieout KEY",
        _PAYOUTS,
    ),
    Check(
        "balance_tieout",
        "Stripe's objects are what moved its balance",
        "explainable",
        "Load the balance transactions, or: trueup note balance_tieout KEY",
        _BALANCE,
    ),
    Check(
        "accounts",
        "Clearing accounts hold nothing that nobody has explained",
        "explainable",
        "trueup export roll_forwards, load what is missing, or: trueup note accounts KEY",
        _ACCOUNTS,
    ),
    Check("unused_feeds", "Every feed is in use", "told", "trueup load …", _UNUSED),
    Check("earlier_months", "Earlier months are closed", "told", "trueup close KEY", _EARLIER),
    Check("input_tieout", "No two inputs say a cent differently", "told", "trueup export input_tieout", _INPUTS),
    Check("quarantine", "Nothing is in quarantine", "told", "trueup export quarantine", _REFUSED),
)

ASKED = {check.name: check.asks for check in (OVER, RUN, CONTRACTS, *QUERIES)}
"""What each check asks, by its name."""
