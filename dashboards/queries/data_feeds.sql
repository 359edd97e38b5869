-- Each feed as it is now, with what its freshness contract said.
select
    feeds.kind,
    feeds.asset,
    feeds.files,
    feeds.kept_rows,
    feeds.open_pieces,
    feeds.newest_at,
    feeds.files_waiting,
    feeds.reaches_to,
    feeds.totals,
    fresh.is_kept as is_fresh
from marts.feed_status as feeds
left join marts.contract_results as fresh
    on feeds.asset = fresh.asset
    and fresh.contract like '%%_is_fresh'
order by array_position(array['visits', 'stripe', 'era', 'fees', 'practices', 'bank'], feeds.kind)
