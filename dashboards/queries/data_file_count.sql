-- How many files there are of a feed, or of all.
select count(*) as files
from marts.feed_files
where coalesce(kind = %(kind)s, true)
