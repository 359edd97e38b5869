"""Points that the marts say wait for a person: remittances, claims without a visit, leaks; and who works on them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from ledger.store.remit_worklist import Remit
from portal_api.access import Role

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

    from tests.support.portals import Portal, Visitor

FOR_ALL = "finance@harbor.example"
LOADED = """
with came as (
    insert into raw.file (file_sha256, kind, byte_count) values (%(file)s, 'era', 1) returning load_id
)
insert into raw.era_transaction (file_sha256, st_index, claim_count, verdict, body_sha256, load_id)
select %(file)s, 0, 1, 'held', %(file)s, load_id from came
"""


def loaded(books: psycopg.Connection) -> str:
    """Have a remittance file of one transaction loaded; returns its hash."""
    name = uuid4().hex * 2
    books.execute(LOADED, {"file": name})
    return name


def held(books: psycopg.Connection, verdict: str = "held") -> Remit:
    """Have a transaction among the marts, with a verdict, of $103.96."""
    remit = Remit(loaded(books), 0)
    books.execute(
        "insert into marts.era_tieout (file_sha256, st_index, verdict, payer_name, trn_number, paid_on, bpr_cents)"
        " values (%s, 0, %s, 'Northwind Health', 'TRACE9', '2026-11-03', 10396)",
        (remit.file_sha256, verdict),
    )
    return remit


def unmatched(books: psycopg.Connection) -> Remit:
    """Have a claim among the marts that reaches no visit, of $80."""
    remit = Remit(loaded(books), 0, 3)
    books.execute(
        "insert into marts.unmatched_remits (file_sha256, st_index, claim_index, paid_cents, why)"
        " values (%s, 0, 3, 8000, 'no visit has the reference')",
        (remit.file_sha256,),
    )
    return remit


def leak(books: psycopg.Connection, category: str, practice_id: str | None, visit: UUID | None = None) -> str:
    """Have a leak of $12.50 among the marts; returns its id."""
    name = uuid4().hex
    books.execute(
        "insert into marts.leaks (leak_id, category, visit_token, practice_id, amount_cents, first_seen_on)"
        " values (%s, %s, %s, %s, 1250, '2026-11-12')",
        (name, category, visit, practice_id),
    )
    return name


def for_all(portal: Portal) -> Visitor:
    """Return a browser of somebody in finance who works for all practices."""
    return portal.staff(Role.FINANCE, email=FOR_ALL)
