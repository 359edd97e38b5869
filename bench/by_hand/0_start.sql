-- The books of `trueup reconcile` over the raw tables, as somebody would write them by hand for these very files: no tests, no
-- history, no evidence, nothing incremental, and of the rules only those the files need (no subscriptions, credit notes,
-- provider adjustments, claims without a visit or fees by modifier are in them). The files are run in their order in one
-- session. `bench.as_of` is the day of the books.
drop schema if exists by_hand cascade;
create schema by_hand;
