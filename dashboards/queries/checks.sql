-- Sums of the books that two tables have, made apart.
select
    name,
    this_cents as left_cents,
    other_cents as right_cents
from marts.book_checks
