"""What a person settles of remittances, for commands and pages alike: done once, kept for ever, put in a sentence.

The row of the worklist that stood for it ends with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.era835 import matching, settlement
from ledger.store import remit_worklist
from ledger.store.remit_worklist import Remit

if TYPE_CHECKING:
    from uuid import UUID

    from ingestion.era835.matching import ClaimName, Match
    from ingestion.era835.settlement import Name, Settlement
    from ingestion.landing import Connection

NEXT = "`trueup reconcile` brings the books up to it."


@dataclass(frozen=True)
class Settled:
    """A settlement of a transaction; `beside` stands posted with its payer, payee, trace number, date and amount."""

    done: Settlement
    beside: tuple[Name, ...]

    @property
    def said(self) -> str:
        """Say how it went."""
        return _said(f"{self.done.transaction} is", self.done)

    @property
    def warnings(self) -> list[str]:
        """Say what may count twice now."""
        return [
            f"{twin} is posted too, with the same payer, payee, trace number, date and amount: both count. "
            "Are they one payment, let one take the other's place (`trueup era replace`)."
            for twin in self.beside
        ]


def release(connection: Connection, transaction: Name, why: str, by: str) -> Settled:
    """Let a held or conflicting transaction post as it is, and commit. Raises CannotSettle."""
    return _kept(connection, settlement.release(connection, transaction, on_one_line(why), by))


def replace(connection: Connection, transaction: Name, other: Name, why: str, by: str) -> Settled:
    """Let `other` stand in the place of a transaction, and commit. Raises CannotSettle."""
    return _kept(connection, settlement.replace_by(connection, transaction, other, on_one_line(why), by))


def match(  # noqa: PLR0913 - what a word of a person consists of
    connection: Connection, claim: ClaimName, visit: str | None, why: str, by: str, *, instead_of: str | None = None
) -> Match:
    """Match a claim to the visit of that token or claim reference (None: take its match back), and commit.

    Raises CannotSettle, also where a reference leads to a visit already as of the last reconcile, and UnknownVisit.
    """
    known = matching.known_visit(connection, visit) if visit else None
    before = matching.known_visit(connection, instead_of) if instead_of else None
    if known:
        _refuse_referenced(connection, claim)
    done = matching.match(connection, claim, known, on_one_line(why), by, instead_of=before)
    if done.is_new:
        changed = remit_worklist.end if done.visit_token else remit_worklist.open_again
        changed(connection, Remit(*claim), f"{done.done}: {done.why}", by)
    connection.commit()
    return done


def on_one_line(words: str) -> str:
    """Return what a person wrote without what would break a line or a terminal."""
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())


def said_of(done: Match) -> str:
    """Say how a match went."""
    return _said(f"{done.claim} is", done)


def _kept(connection: Connection, done: Settlement) -> Settled:
    beside = settlement.posted_beside(connection, done.replaced_by or done.transaction)
    if done.is_new:
        _end_rows(connection, done)
    connection.commit()
    return Settled(done, tuple(beside))


def _end_rows(connection: Connection, done: Settlement) -> None:
    """Resolve what stood on the worklist for it: of a replacement also the claims, and the one in its place."""
    transaction, said = Remit(*done.transaction), f"{done.done}: {done.why}"
    remit_worklist.end(connection, transaction, said, done.settled_by)
    if done.replaced_by:
        remit_worklist.end_claims(connection, transaction, said, done.settled_by)
        instead = f"released in the place of {done.transaction}: {done.why}"
        remit_worklist.end(connection, Remit(*done.replaced_by), instead, done.settled_by)


def _said(what: str, done: Settlement | Match) -> str:
    if done.is_new:
        return f"{what} {done.done}. {NEXT}"
    return f"{what} already {done.done} ({done.settled_by}, {done.settled_at:%Y-%m-%d}), nothing changed."


def _refuse_referenced(connection: Connection, claim: ClaimName) -> None:
    """Refuse a claim whose own reference leads to a visit: the books go by that, whatever a person says."""
    if connection.execute("select to_regclass('intermediate.int_remits__matches')").fetchone() == (None,):
        return
    row: tuple[UUID] | None = connection.execute(
        "select visit_token from intermediate.int_remits__matches"
        " where claim_id = %s || '#' || %s || '/' || %s and matched_by <> 'hand'",
        claim,
    ).fetchone()
    if row:
        raise settlement.CannotSettle(
            f"{claim} leads to visit {row[0]} by its own reference, and the books go by that. Nothing was done."
        )
