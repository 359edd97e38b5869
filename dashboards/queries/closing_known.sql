-- Is it a month of the books?
select
    exists (select 1 from marts.month_summary where period = %(period)s)
    or exists (select 1 from ledger.period_event where period = %(period)s) as known
