-- How every contract fared, the broken ones first and of them those that block.
select
    contract,
    asset,
    table_name,
    severity,
    sentence,
    is_kept,
    broken_rows,
    examples,
    is_of_all_rows,
    judged_at,
    broken_since
from marts.contract_results
order by is_kept asc, severity asc, asset asc, contract asc
