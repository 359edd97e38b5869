-- How many partitions each feed has, and from where to where they reach.
select
    asset,
    count(*) as partitions,
    min(partition_key) as first_key,
    max(partition_key) as last_key,
    max(recorded_at) as newest_at
from marts.feed_partitions
group by asset
order by asset
