-- What waits for a person.
select
    (select count(*) from marts.unmatched_remits) as unmatched_count,
    (select cast(coalesce(sum(paid_cents), 0) as bigint) from marts.unmatched_remits) as unmatched_cents,
    (select count(*) from marts.quarantine) as quarantine_count,
    (select count(*) from marts.era_tieout where verdict in ('held', 'conflict') and settlement is null) as held_count,
    (select count(*) from marts.leaks where period is null) as leaks_without_month
