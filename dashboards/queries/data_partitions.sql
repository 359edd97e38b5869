-- Partitions of a feed, the last made first.
select
    partition_key,
    fingerprint,
    recorded_at
from marts.feed_partitions
where asset = %(asset)s
order by recorded_at desc, partition_key desc
limit %(size)s
offset %(skipped)s
