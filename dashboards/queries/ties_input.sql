-- Cents that two inputs, or two places of one, say differently.
-- The largest residual first, a part at a time.
select
    check_name as status,
    source_id as name,
    source_kind || ', ' || coalesce(position, '') || ' against ' || other_kind || coalesce(', ' || other_position, '') as detail,
    cast(null as date) as happened_on,
    stated_cents as this_cents,
    other_cents,
    residual_cents,
    visit_token
from marts.input_tieout
where check_name = any(%(statuses)s)
order by abs(residual_cents) desc nulls last, file_sha256 asc, position asc, source_id asc
limit %(size)s offset %(skipped)s
