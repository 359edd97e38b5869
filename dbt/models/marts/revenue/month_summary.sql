-- The month in figures. A visit's figures and what the journal says of it stand in its month of service, a memo's in the month it
-- was posted to, a leak's in the month of its visit, or else of its charge or payment. A closed month stays as it was closed.
with memo_measures as (

    select
        period,
        'memo_' || kind as measure,
        sum(amount_cents) as amount_cents,
        count(*) as count
    from {{ ref('memos') }}
    group by period, kind

),

leak_measures as (

    select
        period,
        'leak_' || category as measure,
        sum(amount_cents) as amount_cents,
        count(*) as count
    from {{ ref('int_leaks__found') }}
    group by period, category

),

journal_measures as (

    select
        origin_period as period,
        measure,
        amount_cents,
        entries as count
    from {{ ref('int_journal__measures') }}
    where not is_of_visits

),

late as (

    select *
    from {{ ref('int_journal__measures') }}
    where is_late and (amount_cents <> 0 or entries <> 0)

),

-- What came late for a month that was closed stands in the month that was open, and not in its own again.
late_measures as (

    select places.*
    from late
    cross join lateral (
        values
        (late.origin_period, late.measure, -late.amount_cents, 0),
        (late.period, 'prior_period_' || late.measure, late.amount_cents, late.entries),
        (
            late.origin_period, 'withheld_posted_later',
            case
                when late.measure in ('contractual', 'sequestration', 'denied', 'other_adjustment', 'payer_paid')
                    then late.amount_cents
                else 0
            end,
            0
        )
    ) as places (period, measure, amount_cents, count)

),

measures as (

    select * from {{ ref('int_month_summary__visits') }}
    union all
    select * from journal_measures
    union all
    select * from memo_measures
    union all
    select * from leak_measures
    union all
    select * from late_measures

),

now as (

    select
        period,
        measure,
        cast(coalesce(sum(amount_cents), 0) as bigint) as amount_cents,
        cast(sum(count) as bigint) as count
    from measures
    group by period, measure

)

{{ closed_months_stay('now') }}
