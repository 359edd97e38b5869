"""Remittances on the worklist: which row is a held transaction's or an unmatched claim's, and how a deed ends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ledger.store import worklist
from ledger.store.worklist import Kind

if TYPE_CHECKING:
    import psycopg

_CAUSE = re.compile(r"([0-9a-f]{64})#([0-9]{1,9})(?:/([0-9]{1,9}))?")


class Remit(NamedTuple):
    """A transaction, or one of its claims: the SHA-256 of the file, and the places in it, from 0."""

    file_sha256: str
    st_index: int
    claim_index: int | None = None

    @classmethod
    def of(cls, cause: str) -> Remit | None:
        """Return what a row's cause names; None for the cause of another kind."""
        found = _CAUSE.fullmatch(cause)
        return cls(found[1], int(found[2]), int(found[3]) if found[3] else None) if found else None

    @property
    def kind(self) -> Kind:
        """The kind of row that it becomes while it waits."""
        return Kind.HELD_REMIT if self.claim_index is None else Kind.UNMATCHED_REMIT

    @property
    def cause(self) -> str:
        """What stands on its row."""
        return f"{self.file_sha256}{self._place}"

    @property
    def _place(self) -> str:
        return f"#{self.st_index}" if self.claim_index is None else f"#{self.st_index}/{self.claim_index}"

    def __str__(self) -> str:
        """Write it as commands and pages do, with as much of the hash as tells files apart."""
        return f"{self.file_sha256[:12]}{self._place}"


def row_of(connection: psycopg.Connection, remit: Remit) -> worklist.Item | None:
    """Return its row, also one that is resolved; None while nobody took it up."""
    return worklist.of_cause(connection, remit.kind, remit.cause)


def taken_up(connection: psycopg.Connection, remit: Remit) -> worklist.Item | None:
    """Return its row, made now where it waits and nobody took it up; None where it does not. The caller commits."""
    if (known := row_of(connection, remit)) is None:
        waiting = connection.execute("select why from ledger.waiting_remits() where cause = %s", (remit.cause,))
        for (why,) in waiting.fetchall():
            worklist.open_(connection, remit.kind, remit.cause, why)
        known = row_of(connection, remit)
    return known


def end(connection: psycopg.Connection, remit: Remit, outcome: str, made_by: str) -> None:
    """Resolve its row, if one waits, by what somebody did. The caller commits."""
    _end(connection, "kind = %(kind)s and cause = %(cause)s", remit, outcome, made_by)


def end_claims(connection: psycopg.Connection, remit: Remit, outcome: str, made_by: str) -> None:
    """Resolve the rows of a transaction's claims, which count no more. The caller commits."""
    _end(connection, "kind = 'unmatched_remit' and starts_with(cause, %(cause)s || '/')", remit, outcome, made_by)


def open_again(connection: psycopg.Connection, remit: Remit, why: str, made_by: str) -> None:
    """Open its row anew, where there is one, since what ended it was taken back. The caller commits."""
    if (known := row_of(connection, remit)) is not None:
        worklist.reopen(connection, known.item_id, why, made_by)


def _end(connection: psycopg.Connection, which: str, remit: Remit, outcome: str, made_by: str) -> None:
    rows = connection.execute(
        f"select item_id from ledger.worklist where state <> 'resolved' and {which} order by item_id"
        " for update".encode(),  # one that a page resolves meanwhile is none any more, and stops no deed
        {"kind": remit.kind.value, "cause": remit.cause},
    ).fetchall()
    for (item_id,) in rows:
        worklist.resolve(connection, item_id, outcome, made_by)
