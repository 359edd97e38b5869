{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token', 'place_of_service'], 'unique': true}]
) }}

-- What a visit's payer allows for it by the fee schedule, at each place of service in question: the ledger's and the one the
-- payer paid on. The row with the most of the visit's modifiers wins, then the one that
-- took effect last, then the one loaded last; no row is unpriced, never a guess.
with visits as (

    select * from {{ ref('stg_visits__visits') }} where {{ touched('visit_token', 'visits') }} and payer_id is not null

),

adjudications as (

    select * from {{ ref('int_remits__visit_adjudications') }} where {{ touched('visit_token', 'visits') }}

),

fees as (

    select * from {{ ref('stg_visits__fees') }}

),

places as (

    select
        visit_token,
        place_of_service
    from visits
    union
    select
        visit_token,
        pos_paid
    from adjudications
    where pos_paid is not null

),

candidates as (

    select
        visits.visit_token,
        fees.place_of_service,
        fees.allowed_cents * visits.units as expected_cents,
        fees.load_id,
        fees.row_number,
        row_number() over (
            partition by visits.visit_token, fees.place_of_service
            order by
                cardinality(string_to_array(fees.modifiers, '|')) desc,
                fees.effective_from desc,
                fees.load_id desc,
                fees.row_number desc
        ) as preference
    from visits
    inner join places on visits.visit_token = places.visit_token
    inner join fees
        on visits.payer_id = fees.payer_id
        and visits.service_code = fees.service_code
        and places.place_of_service = fees.place_of_service
        and string_to_array(fees.modifiers, '|') <@ string_to_array(visits.modifiers, '|')
        and visits.service_on >= fees.effective_from
        and (fees.effective_to is null or visits.service_on <= fees.effective_to)

)

select
    visit_token,
    place_of_service,
    expected_cents,
    load_id,
    row_number
from candidates
where preference = 1
