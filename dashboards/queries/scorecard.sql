-- How the payers of a month of service pay, the largest first.
select
    payer_id,
    visits,
    submitted_visits,
    decided_visits,
    days_to_pay,
    first_pass_bp,
    denied_visits,
    denied_cents,
    submitted_cents,
    denial_bp,
    net_collection_bp,
    payer_paid_cents,
    payer_receivable_cents,
    underpaid_visits,
    underpaid_cents
from marts.payer_scorecard
where period = %(period)s
order by submitted_cents desc, payer_id asc
