{{ config(materialized='view') }}

-- Each feed: what came of it, to where it reaches, and whether the books have it all.
with kinds (kind, asset) as (

    values
    ('visits', 'visits'),
    ('stripe', 'stripe_objects'),
    ('era', 'remittances'),
    ('fees', 'fees'),
    ('practices', 'practices'),
    ('bank', 'bank_deposits')

),

files as (

    select
        kind,
        count(*) as files,
        sum(row_count) as kept_rows,
        max(loaded_at) as newest_at,
        count(*) filter (
            where load_id > coalesce(
                (select max(loaded_through) from {{ source('ops', 'run') }} where status = 'succeeded'), 0
            )
        ) as files_waiting
    from {{ source('raw', 'file') }}
    group by kind

),

refused as (

    select
        source as kind,
        count(*) as pieces
    from {{ source('raw', 'open_quarantine') }}
    group by source

),

reaches as (

    select
        kind,
        max(last_on) as reaches_to
    from {{ ref('feed_files') }}
    group by kind

)

select
    kinds.kind,
    kinds.asset,
    coalesce(files.files, 0) as files,
    cast(coalesce(files.kept_rows, 0) as bigint) as kept_rows,
    coalesce(refused.pieces, 0) as open_pieces,
    files.newest_at,
    coalesce(files.files_waiting, 0) as files_waiting,
    reaches.reaches_to,
    totals.totals
from kinds
left join files on kinds.kind = files.kind
left join refused on kinds.kind = refused.kind
left join reaches on kinds.kind = reaches.kind
left join {{ source('ops', 'raw_total') }} as totals on kinds.asset = totals.asset
