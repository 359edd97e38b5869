{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- What the journal says of each measure of the month in figures: a measure, a month of origin and of posting, late or not, a row.
select
    measures.measure,
    measures.is_of_visits,
    journal.origin_period,
    journal.period,
    journal.is_late,
    cast(sum(measures.sign * (journal.debit_cents - journal.credit_cents)) as bigint) as amount_cents,
    cast(sum(journal.entries) as bigint) as entries
from {{ ref('int_journal__months') }} as journal
inner join {{ ref('measure') }} as measures
    on journal.account = measures.account
    and measures.source_kind in (journal.source_kind, 'any')
group by measures.measure, measures.is_of_visits, journal.origin_period, journal.period, journal.is_late
