"""Remit transactions to the claims of a visit: what posts, in which order, and whose it is (contract 4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.oracle.inputs import Claim, HandMatch, Observation, Transaction

IGNORED_STATUSES = frozenset({"23", "25"})
SHORTEST_PREFIX = 12


@dataclass(frozen=True)
class PostedClaim:
    """A claim of a posted transaction and where it stands."""

    transaction: Transaction
    claim_index: int
    claim: Claim

    @property
    def payer(self) -> str | None:
        """The payer of the transaction."""
        return self.transaction.payer

    @property
    def sort_key(self) -> tuple[object, ...]:
        """paid_on, trn_number, st_index, claim_index, then the file; nulls last, text bytewise."""
        sent = self.transaction
        paid_on = (sent.paid_on is None, sent.paid_on or 0)
        trace = (sent.trn_number is None, (sent.trn_number or "").encode())
        return (paid_on, trace, sent.st_index, self.claim_index, sent.file_sha256)


def verdicts(transactions: Sequence[Transaction]) -> list[str]:
    """Return the verdict of each transaction, in arrival order: posted, held, duplicate or conflict.

    Without a trace number there is nothing to conflict in.
    """
    bodies: set[str] = set()
    posted: set[tuple[object, ...]] = set()
    given = []
    for sent in transactions:
        key = (sent.payer, sent.payee_npi, sent.trn_number, sent.paid_on, sent.bpr_cents)
        if sent.body_sha256 in bodies:
            verdict = "duplicate"
        elif sent.residual_cents != 0 or sent.bpr_cents < 0:
            verdict = "held"
        elif key in posted and sent.trn_number is not None:
            verdict = "conflict"
        else:
            verdict = "posted"
            posted.add(key)
        bodies.add(sent.body_sha256)
        given.append(verdict)
    return given


def posted_claims(transactions: Sequence[Transaction]) -> list[PostedClaim]:
    """Return the claims that count, in the order of adjudication."""
    claims = [
        PostedClaim(sent, index, claim)
        for sent, verdict in zip(transactions, verdicts(transactions), strict=True)
        if verdict == "posted"
        for index, claim in enumerate(sent.claims)
        if claim.status_code not in IGNORED_STATUSES
    ]
    return sorted(claims, key=lambda posted: posted.sort_key)


def reference_owners(observations: Iterable[Observation]) -> dict[str, str]:
    """Which visit owns each claim reference: the first that brought it."""
    owners: dict[str, str] = {}
    for seen in observations:
        if seen.claim_ref:
            owners.setdefault(seen.claim_ref, seen.visit_token)
    return owners


def visit_by_reference(claim_ref: str | None, owners: dict[str, str]) -> str | None:
    """Exact, then upper-cased without blanks and dashes, then as the prefix of exactly one reference."""
    if not claim_ref:
        return None
    if claim_ref in owners:
        return owners[claim_ref]
    plain = claim_ref.upper().replace(" ", "").replace("-", "")
    if plain in owners:
        return owners[plain]
    if len(plain) < SHORTEST_PREFIX:
        return None
    longer = [reference for reference in owners if reference.startswith(plain)]
    return owners[longer[0]] if len(longer) == 1 else None


def match(
    claims: Sequence[PostedClaim], owners: dict[str, str], words: Iterable[HandMatch] = ()
) -> tuple[dict[str, list[PostedClaim]], list[PostedClaim]]:
    """Return the claims of each visit in order, and those that reach none.

    A person's last word goes before the payer's own number and after every reference.
    """
    said = {(word.file_sha256, word.st_index, word.claim_index): word.visit_token for word in words}
    by_visit: dict[str, list[PostedClaim]] = {}
    seen: dict[tuple[str, str | None], set[str]] = {}
    unmatched = []
    for posted in claims:
        place = (posted.transaction.file_sha256, posted.transaction.st_index, posted.claim_index)
        token = visit_by_reference(posted.claim.claim_ref, owners) or said.get(place)
        number = posted.claim.payer_claim_number
        known = seen.setdefault((number, posted.payer), set()) if number and number != "0" else set()
        if token is None and len(known) == 1:
            (token,) = known
        if token is None:
            unmatched.append(posted)
            continue
        known.add(token)
        by_visit.setdefault(token, []).append(posted)
    return by_visit, unmatched
