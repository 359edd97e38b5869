{{ config(materialized='view') }}

-- What the memos of each visit must add up to: target less billed when a payer has decided or too much was billed, else 0
-- (unbilled and unadjudicated is a leak, not a memo). A disputed visit gets no memo while it is disputed: it has no row.
-- The reason and the cause are those of a memo issued now. Without a `with`, so that the server merges it into what reads it and
-- begins with the visits that were touched.
select
    visit_token,
    case
        when is_adjudicated or patient_billed_cents > patient_target_cents
            then patient_target_cents - patient_billed_cents
        else 0
    end as desired_cents,
    causes.reason,
    case causes.reason
        when 'duplicate_charge' then 'charge:' || first_duplicate_id
        when 'visit_state'
            then 'visit:' || to_char(state_changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        else 'remit:' || newest_claim_id
    end as caused_by,
    service_period as origin_period
from {{ ref('int_visits__amounts') }}
cross join lateral (
    select
        case
            when duplicate_cents > 0 and patient_billed_cents - patient_target_cents = duplicate_cents
                then 'duplicate_charge'
            when not bills and duplicate_cents = 0 then 'visit_state'
            when newest_is_reversal then 'payer_reversal'
            when is_adjudicated then 'payer_adjudication'
            when duplicate_cents > 0 then 'duplicate_charge'
            else 'visit_state'
        end as reason
) as causes
where not on_hold
