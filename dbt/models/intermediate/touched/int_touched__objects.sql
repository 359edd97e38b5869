-- Stripe objects to do anew: those that came, and all that is linked with them by any version, since an amount of one may hang
-- on each of the others (a refund on its charge, that on its intent, that on its invoice).
with recursive arrived as (

    select object_id
    from {{ source('raw', 'stripe_object') }}
    where load_id > {{ since() }}
    union
    select key
    from {{ source('ops', 'touched') }}
    where kind = 'object'

),

links as (

    select
        object_id,
        named_id
    from {{ ref('int_payments__named_objects') }}

),

reached as (

    select object_id
    from arrived
    where {{ not flags.FULL_REFRESH }}
    union
    select neighbours.object_id
    from reached
    cross join lateral (
        select links.named_id as object_id
        from links
        where links.object_id = reached.object_id
        union all
        select links.object_id
        from links
        where links.named_id = reached.object_id
    ) as neighbours

)

select object_id
from reached
