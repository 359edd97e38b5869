{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- Every leak there is now, named by its category and what leaks, so that the same leak has the same name tomorrow.
with leaks as (

    select
        visit_token,
        practice_id,
        period,
        category,
        cast(visit_token as text) as subject,
        amount_cents,
        evidence
    from {{ ref('int_leaks__visits') }}
    union all
    select
        visit_token,
        practice_id,
        period,
        category,
        subject,
        amount_cents,
        evidence
    from {{ ref('int_leaks__payments') }}
    union all
    select
        null,
        null,
        period,
        category,
        subject,
        amount_cents,
        evidence
    from {{ ref('int_leaks__remits') }}
    union all
    select
        null,
        null,
        period,
        category,
        subject,
        amount_cents,
        evidence
    from {{ ref('int_leaks__balances') }}

)

select
    md5(category || '|' || subject) as leak_id,
    visit_token,
    practice_id,
    period,
    category,
    amount_cents,
    evidence
from leaks
