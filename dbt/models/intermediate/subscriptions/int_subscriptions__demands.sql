-- What subscriptions ask for: their invoices, and the credit notes that lower them. An invoice that names a visit of ours is a
-- demand of that visit, so is the usage that a visit was billed as, and what posts a memo of ours counts there; none is a
-- subscription's.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

invoices as (

    select invoices.*
    from {{ ref('stg_stripe__subscription_invoices') }} as invoices
    left join {{ ref('stg_visits__visits') }} as visits on invoices.own_visit_token = visits.visit_token
    where invoices.is_asked_for and invoices.memo_id is null and visits.visit_token is null

),

of_visits as (

    select
        invoice_id,
        sum(amount_cents) as amount_cents
    from {{ ref('int_usage__lines') }}
    group by invoice_id

),

credit_notes as (

    select credit_notes.*
    from {{ ref('stg_stripe__credit_notes') }} as credit_notes
    left join {{ ref('stg_visits__visits') }} as visits on credit_notes.own_visit_token = visits.visit_token
    where credit_notes.memo_id is null and credit_notes.status is distinct from 'void' and visits.visit_token is null

)

select
    invoices.invoice_id as source_id,
    'invoice' as kind,
    invoices.invoice_id,
    invoices.subscription_id,
    invoices.customer_id,
    {{ local_date('invoices.invoiced_at', 'settings.timezone') }} as asked_on,
    cast(invoices.total_cents - coalesce(of_visits.amount_cents, 0) as bigint) as amount_cents
from invoices
left join of_visits on invoices.invoice_id = of_visits.invoice_id
cross join settings
union all
select
    credit_notes.credit_note_id,
    'credit_note',
    invoices.invoice_id,
    invoices.subscription_id,
    invoices.customer_id,
    {{ local_date('credit_notes.created_at', 'settings.timezone') }},
    -credit_notes.amount_cents
from credit_notes
inner join invoices on credit_notes.invoice_id = invoices.invoice_id
cross join settings
