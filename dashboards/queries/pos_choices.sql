-- What the place-of-service report can be cut by.
select
    array(select distinct period from marts.pos_variance) as period,
    array(select distinct payer_id from marts.pos_variance) as payer,
    array(select distinct service_code from marts.pos_variance) as code,
    array(select distinct provider_id from marts.pos_variance) as provider
