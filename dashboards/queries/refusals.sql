-- Why primary payers refuse visits: reason codes and what they mean, a visit and reason a row.
select distinct
    visit_token,
    what as code,
    details ->> 'meaning' as meaning
from marts.visit_story
where visit_token = any(%(tokens)s) and counts_as = 'denied'
order by visit_token, code
