"""A person says which visit a remit claim is about, where no reference of the claim leads to one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from ingestion import landing
from ingestion.era835.settlement import CannotSettle, Name, UnknownTransaction, named

if TYPE_CHECKING:
    from datetime import datetime

    from ingestion.landing import Connection

NEVER_COUNTS = {"23": "the payer sent it on to another (CLP02 23)", "25": "it is a predetermination (CLP02 25)"}
"""Claims that never post (docs/reference.md), by their status."""


class UnknownVisit(Exception):  # noqa: N818 - the public name says what was named
    """The visit ledger has no visit of that token or claim reference: a sentence."""


class ClaimName(NamedTuple):
    """A claim: the SHA-256 of its file, its transaction and its place in that, both from 0."""

    file_sha256: str
    st_index: int
    claim_index: int

    @property
    def transaction(self) -> Name:
        """The transaction it stands in."""
        return Name(self.file_sha256, self.st_index)

    def __str__(self) -> str:
        """Write it as the commands take it."""
        return f"{self.transaction}/{self.claim_index}"


@dataclass(frozen=True)
class Match:
    """A person's word: `visit_token` is null where it took back the one before.

    `is_new` is false where the newest word was the same already.
    """

    match_id: int
    claim: ClaimName
    visit_token: UUID | None
    why: str
    settled_by: str
    settled_at: datetime
    is_new: bool = False

    @property
    def done(self) -> str:
        """Say what was done: `matched to visit 8a5f…`, `taken back from its visit`."""
        return f"matched to visit {self.visit_token}" if self.visit_token else "matched to no visit"


def named_claim(connection: Connection, file: str, st_index: int, claim_index: int) -> ClaimName:
    """Return the loaded claim there in the file whose SHA-256 begins with `file`. Raises UnknownTransaction."""
    transaction = named(connection, file, st_index)
    claim = ClaimName(*transaction, claim_index)
    if _status(connection, claim) is None:
        raise UnknownTransaction(
            f"{transaction} has no claim /{claim_index}: `trueup export unmatched_remits` shows their places."
        )
    return claim


def known_visit(connection: Connection, visit: str) -> UUID:
    """Return the token of the visit that `visit`, a token or our claim reference, names. Raises UnknownVisit."""
    words = visit.strip()
    token = _token(words)
    row = connection.execute(
        "select visit_token from raw.visit where visit_token = %s"
        " union select visit_token from raw.claim_ref where claim_ref = %s limit 1",
        (token, re.sub(r"[ -]", "", words.upper())),
    ).fetchone()
    if row is None:
        what = "token" if token else "token or claim reference"
        raise UnknownVisit(
            f"The visit ledger has no visit of this {what}. Check it against the visit's page, or load the visit "
            "first: `trueup load visits FILE`."
        )
    return UUID(str(row[0]))


def match(  # noqa: PLR0913 - what a word of a person consists of
    connection: Connection,
    claim: ClaimName,
    visit_token: UUID | None,
    why: str,
    settled_by: str,
    *,
    instead_of: UUID | None = None,
) -> Match:
    """Match a claim of a posted transaction to a visit, or with None take back an earlier match; the caller commits.

    `instead_of` is the visit it was matched to when the person looked: where somebody else has matched it to another
    since, nothing is done. The same again changes nothing. `why` is kept for ever: no patient's name belongs in it.
    Raises CannotSettle.
    """
    landing.hold_loads(connection)
    earlier = _newest(connection, claim)
    matched = earlier.visit_token if earlier else None
    if earlier and matched == visit_token:
        return earlier
    if earlier and matched != instead_of:
        raise CannotSettle(
            f"{claim} was {earlier.done} on {earlier.settled_at:%Y-%m-%d} by {earlier.settled_by} already. Nothing was "
            "done. To change that, name the visit it is matched to now (`--instead-of`)."
        )
    if visit_token is None and earlier is None:
        raise CannotSettle(f"{claim} is matched to no visit: there is nothing to take back.")
    if visit_token:
        _refuse_what_never_posts(connection, claim)
    return _said(connection, claim, visit_token, why, settled_by)


_COLUMNS = "match_id, visit_token, why, settled_by, settled_at"


def _token(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None


def _newest(connection: Connection, claim: ClaimName) -> Match | None:
    row = connection.execute(
        f"select {_COLUMNS} from raw.era_match where file_sha256 = %s and st_index = %s and claim_index = %s"
        " order by ordinal desc limit 1",
        claim,
    ).fetchone()
    return Match(row[0], claim, *row[1:]) if row else None


def _status(connection: Connection, claim: ClaimName) -> str | None:
    row = connection.execute(
        "select coalesce(status_code, '') from raw.era_claim"
        " where file_sha256 = %s and st_index = %s and claim_index = %s",
        claim,
    ).fetchone()
    return row[0] if row else None


def _refuse_what_never_posts(connection: Connection, claim: ClaimName) -> None:
    reason = NEVER_COUNTS.get(_status(connection, claim) or "")
    if reason:
        raise CannotSettle(f"{claim} never counts, whatever visit it is about: {reason}. Nothing was done.")
    row = connection.execute(
        "select verdict from raw.era_standing where file_sha256 = %s and st_index = %s", claim.transaction
    ).fetchone()
    if row and row[0] != "posted":
        raise CannotSettle(
            f"{claim} stands in a transaction that is {row[0]}: nothing of it posts. Settle that first (release it, or "
            "let another take its place)."
        )


def _said(connection: Connection, claim: ClaimName, visit_token: UUID | None, why: str, settled_by: str) -> Match:
    (row,) = connection.execute(
        "insert into raw.era_match"
        " (file_sha256, st_index, claim_index, ordinal, visit_token, why, settled_by)"
        " select %(file)s, %(st)s, %(claim)s, 1 + count(*), %(visit)s, %(why)s, %(by)s from raw.era_match"
        " where file_sha256 = %(file)s and st_index = %(st)s and claim_index = %(claim)s"
        f" returning {_COLUMNS}",
        {
            "file": claim.file_sha256,
            "st": claim.st_index,
            "claim": claim.claim_index,
            "visit": visit_token,
            "why": why,
            "by": settled_by,
        },
    ).fetchall()
    return replace(Match(row[0], claim, *row[1:]), is_new=True)
