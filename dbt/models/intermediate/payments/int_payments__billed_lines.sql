-- What patients were asked for, an object a line: invoices less their credit notes, intents that pay no invoice, charges with
-- neither, less the refunds of both (a refund lowers the visit that was asked), and usage at its price when the visit ended, unless its
-- invoice is void. What posts a memo of ours counts already.
with invoices as (

    select * from {{ ref('stg_stripe__invoices') }}
    where {{ touched('invoice_id', 'objects') }} and is_asked_for and memo_id is null

),

credit_notes as (

    select * from {{ ref('stg_stripe__credit_notes') }}
    where {{ touched('credit_note_id', 'objects') }} and memo_id is null and status is distinct from 'void'

),

intents as (

    select * from {{ ref('int_payments__intents') }}
    where {{ touched('payment_intent_id', 'objects') }} and invoice_id is null and memo_id is null

),

charges as (

    select
        *,
        is_succeeded and payment_intent_id is null and invoice_id is null and memo_id is null as is_alone
    from {{ ref('int_payments__charges') }}
    where {{ touched('charge_id', 'objects') }}

),

refunds as (

    select
        refunds.refund_id,
        refunds.created_at,
        refunds.amount_cents,
        intents.payment_intent_id is not null or coalesce(charges.is_alone, false) as is_of_a_demand,
        coalesce(intents.customer_id, charges.customer_id) as customer_id,
        case
            when intents.payment_intent_id is not null then intents.visit_token
            when charges.is_alone then charges.visit_token
        end as visit_token
    from {{ ref('int_payments__refunds') }} as refunds
    left join charges on refunds.charge_id = charges.charge_id
    left join intents on coalesce(refunds.payment_intent_id, charges.payment_intent_id) = intents.payment_intent_id
    where refunds.memo_id is null and {{ touched('refunds.refund_id', 'objects') }}

)

select
    invoice_id as source_id,
    'invoice' as source_kind,
    own_visit_token as visit_token,
    customer_id,
    finalized_at as happened_at,
    total_cents as amount_cents
from invoices
union all
select
    credit_notes.credit_note_id,
    'credit_note',
    coalesce(credit_notes.own_visit_token, invoices.own_visit_token),
    invoices.customer_id,
    credit_notes.created_at,
    -credit_notes.amount_cents
from credit_notes
inner join invoices on credit_notes.invoice_id = invoices.invoice_id
union all
select payment_intent_id, 'payment_intent', visit_token, customer_id, created_at, demanded_cents
from intents
where demanded_cents <> 0
union all
select charge_id, 'charge', visit_token, customer_id, created_at, captured_cents
from charges
where is_alone
union all
select refund_id, 'refund', visit_token, customer_id, created_at, -amount_cents
from refunds
where is_of_a_demand
union all
select usage_id, 'usage', visit_token, customer_id, ended_at, amount_cents
from {{ ref('int_usage__lines') }}
where not is_void and {{ touched('usage_id', 'objects') }}
