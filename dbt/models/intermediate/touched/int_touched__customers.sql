-- Customers whose figures a run does anew, '' for none: those that touched objects name in any version, those who were asked or paid
-- for touched visits, by usage that was taken back too, and all who subscribe, since every month that ends moves them.
select coalesce(objects.payload ->> 'customer', '') as customer_id
from {{ ref('int_touched__objects') }} as touched
inner join {{ source('raw', 'stripe_object') }} as objects on touched.object_id = objects.object_id
union
-- A subscription without a customer stands for one.
select object_id
from {{ ref('int_touched__objects') }}
union
select coalesce(lines.customer_id, '')
from {{ ref('int_touched__visits') }} as touched
inner join {{ ref('int_payments__billed_lines') }} as lines on touched.visit_token = lines.visit_token
union
select coalesce(lines.customer_id, '')
from {{ ref('int_touched__visits') }} as touched
inner join {{ ref('int_payments__collected_lines') }} as lines on touched.visit_token = lines.visit_token
union
select coalesce(customer_id, '')
from {{ ref('int_touched__usage') }}
union
select coalesce(customer_id, '')
from {{ ref('stg_stripe__subscription_invoices') }}
where {{ not flags.FULL_REFRESH }}
union
select customer_id
from {{ ref('stg_stripe__subscription_versions') }}
where {{ not flags.FULL_REFRESH }}
