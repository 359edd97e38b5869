-- Files with their control totals, the newest first.
select
    load_id,
    kind,
    file_sha256,
    loaded_at,
    byte_count,
    kept_rows,
    refused_pieces,
    entries,
    control,
    control_cents,
    first_on,
    last_on
from marts.feed_files
where coalesce(kind = %(kind)s, true)
order by load_id desc
limit %(size)s
offset %(skipped)s
