-- The one row of settings every model of a run reads, so that no model takes a variable and the project never parses anew.
select
    as_of,
    since,
    posting_period,
    timezone,
    rule_version,
    claim_overdue_days,
    underpaid_cents,
    eft_overdue_days,
    make_interval(hours => duplicate_hours) as duplicate_window
from {{ source('ops', 'run_setting') }}
