-- Visits to do anew, by every input that may move an amount of theirs: an observation, the rules of their practice, a fee of
-- their payer and service, a remit claim that reaches or reached them, a Stripe object that names them in any version, posts a
-- memo of theirs or asked for their usage, and that usage itself.
with practices as (

    select distinct practice_id
    from {{ source('raw', 'practice') }}
    where {{ not flags.FULL_REFRESH }} and load_id > {{ since() }}

),

fees as (

    select distinct
        payer_id,
        service_code
    from {{ source('raw', 'fee') }}
    where {{ not flags.FULL_REFRESH }} and load_id > {{ since() }}

),

objects as (

    select
        cast(objects.payload -> 'metadata' ->> 'visit_token' as uuid) as visit_token,
        {{ uuid_of("objects.payload -> 'metadata' ->> 'memo_id'") }} as memo_id
    from {{ ref('int_touched__objects') }} as touched
    inner join {{ source('raw', 'stripe_object') }} as objects on touched.object_id = objects.object_id

),

memos_before as (

    {{ as_it_was('marts', 'memos', {'memo_id': 'uuid', 'visit_token': 'uuid'}) }}

),

usage_before as (

    {{ as_it_was('intermediate', 'int_usage__lines', {'invoice_id': 'text', 'visit_token': 'uuid'}) }}

)

select visit_token
from {{ source('raw', 'visit') }}
where {{ not flags.FULL_REFRESH }} and load_id > {{ since() }}
union
select observations.visit_token
from {{ source('raw', 'visit') }} as observations
inner join practices on observations.practice_id = practices.practice_id
union
select observations.visit_token
from {{ source('raw', 'visit') }} as observations
inner join fees
    on observations.payer_id = fees.payer_id
    and observations.service_code = fees.service_code
union
select visit_token_before
from {{ ref('int_touched__claims') }}
where visit_token_before is not null
union
select matches.visit_token
from {{ ref('int_touched__claims') }} as claims
inner join {{ ref('int_remits__matches') }} as matches on claims.claim_id = matches.claim_id
union
select visit_token
from objects
where visit_token is not null
union
select memos_before.visit_token
from objects
inner join memos_before on objects.memo_id = memos_before.memo_id
union
select visit_token
from {{ ref('int_touched__usage') }}
union
select usage_before.visit_token
from {{ ref('int_touched__objects') }} as touched
inner join usage_before on touched.object_id = usage_before.invoice_id
union
select cast(key as uuid)
from {{ source('ops', 'touched') }}
where {{ not flags.FULL_REFRESH }} and kind = 'visit'
