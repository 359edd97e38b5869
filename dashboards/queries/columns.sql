-- The columns of a mart with their types, in their order; none of what is no mart or not the reader's to read.
select
    attributes.attname as name,
    pg_catalog.format_type(attributes.atttypid, attributes.atttypmod) as type
from pg_catalog.pg_attribute as attributes
inner join pg_catalog.pg_class as classes on attributes.attrelid = classes.oid
inner join pg_catalog.pg_namespace as namespaces on classes.relnamespace = namespaces.oid
where
    namespaces.nspname = 'marts'
    and classes.relname = %(mart)s
    and classes.relkind in ('r', 'v')
    and attributes.attnum > 0
    and not attributes.attisdropped
    and has_table_privilege(classes.oid, 'select')
order by attributes.attnum
