-- The practices a reader may look at.
select distinct practice_id
from marts.practice_months
order by practice_id
