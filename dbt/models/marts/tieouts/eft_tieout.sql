-- What payers said they paid against what the bank received, by trace number. A zero-pay remit (BPR04 NON) expects nothing;
-- a deposit without a trace number is no EFT. A hint names the deposit that may be the missing one; it never matches.
with expected as (

    select
        trn_number,
        sum(bpr_cents) as expected_cents,
        count(*) as remits,
        min(payer_name) as payer_name,
        min(paid_on) as paid_on
    from {{ ref('stg_era__transactions') }}
    where verdict = 'posted' and bpr_cents > 0 and bpr_method is distinct from 'NON' and trn_number is not null
    group by trn_number

),

deposited as (

    select
        trace_number as trn_number,
        sum(amount_cents) as deposited_cents,
        count(*) as deposits,
        min(deposited_on) as deposited_on
    from {{ ref('stg_bank__deposits') }}
    where trace_number is not null
    group by trace_number

),

hints as (

    select * from {{ ref('int_bank__transfer_hints') }}

)

select
    trn_number,
    cast(coalesce(expected.expected_cents, 0) as bigint) as expected_cents,
    cast(coalesce(deposited.deposited_cents, 0) as bigint) as deposited_cents,
    cast(coalesce(expected.expected_cents, 0) - coalesce(deposited.deposited_cents, 0) as bigint) as residual_cents,
    case
        when deposited.trn_number is null then 'missing'
        when expected.trn_number is null then 'unexpected'
        when expected.expected_cents = deposited.deposited_cents then 'matched'
        else 'mismatch'
    end as status,
    expected.payer_name,
    coalesce(expected.remits, 0) as remits,
    coalesce(deposited.deposits, 0) as deposits,
    expected.paid_on,
    deposited.deposited_on,
    deposited.deposited_on - expected.paid_on as days_apart,
    hints.deposit_id as candidate_deposit_id,
    hints.hint
from expected
full outer join deposited using (trn_number)
left join hints using (trn_number)
