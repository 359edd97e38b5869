-- What the models say of these marts and of their columns; the mart's own words come first.
select
    classes.relname as mart,
    attributes.attname as name,
    descriptions.description
from pg_catalog.pg_description as descriptions
inner join pg_catalog.pg_class as classes on descriptions.objoid = classes.oid
inner join pg_catalog.pg_namespace as namespaces on classes.relnamespace = namespaces.oid
left join pg_catalog.pg_attribute as attributes
    on classes.oid = attributes.attrelid
    and descriptions.objsubid = attributes.attnum
    and descriptions.objsubid > 0
where
    descriptions.classoid = cast('pg_catalog.pg_class' as regclass)
    and namespaces.nspname = 'marts'
    and classes.relname = any(%(marts)s)
order by classes.relname, descriptions.objsubid
