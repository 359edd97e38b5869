"""Rows of the worklist whose cause stands in the marts, of any practice and of none: they follow what the marts say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.store.worklist import SYSTEM, Kind

if TYPE_CHECKING:
    import psycopg

KINDS = (Kind.LEAK, Kind.POS_MISMATCH, Kind.HELD_REMIT, Kind.UNMATCHED_REMIT)
# A row that nobody resolved by hand and whose cause is back: what a person resolved stays so while its cause lasts.
_FOLLOW = """
with waiting as (
    select leak_id as cause from marts.leaks
    union all
    select cause from ledger.waiting_remits()
),
gone as (
    update ledger.worklist as item set (state, assignee, changed_at) = ('resolved', null, now())
    where kind = any(%(kinds)s) and state <> 'resolved'
        and not exists (select from waiting where waiting.cause = item.cause)
    returning item_id
),
back as (
    update ledger.worklist as item set (state, changed_at) = ('open', now())
    where kind = any(%(kinds)s) and state = 'resolved'
        and exists (select from waiting where waiting.cause = item.cause)
        and (
            select made_by from ledger.worklist_entry as entry
            where entry.item_id = item.item_id and deed <> 'noted'
            order by ordinal desc
            limit 1
        ) = %(system)s
    returning item_id
)
select item_id, 'resolved', 'its cause is gone' from gone
union all
select item_id, 'opened', 'its cause is back' from back
"""
_ENTER = """
insert into ledger.worklist_entry (item_id, ordinal, deed, said, made_by)
select
    changed.item_id,
    (select count(*) + 1 from ledger.worklist_entry as entry where entry.item_id = changed.item_id),
    changed.deed, changed.said, %(system)s
from unnest(%(items)s::bigint [], %(deeds)s::text [], %(said)s::text []) as changed (item_id, deed, said)
"""


def follow(connection: psycopg.Connection) -> None:
    """Resolve rows whose cause is gone, and open anew those whose cause is back; as the books' owner, who commits."""
    about = {"kinds": [kind.value for kind in KINDS], "system": SYSTEM}
    changed = connection.execute(_FOLLOW, about).fetchall()
    # A statement of its own: what others wrote on a row until it was locked counts among its entries by now.
    items, deeds, said = ([row[column] for row in changed] for column in range(3))
    connection.execute(_ENTER, {**about, "items": items, "deeds": deeds, "said": said})
