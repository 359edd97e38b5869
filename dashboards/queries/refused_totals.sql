-- How many pieces were refused, by feed and rule.
select
    source,
    rule,
    count(*) as pieces,
    count(distinct file_sha256) as files,
    cast(min(recorded_at) as date) as since
from marts.quarantine
group by source, rule
order by pieces desc, source, rule
