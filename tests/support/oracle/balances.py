"""Provider-level adjustments (PLB): the running balance of each payer and provider, and the visit a line is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.oracle import remits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.oracle.inputs import ProviderAdjustment, Transaction
    from tests.support.oracle.remits import PostedClaim

CHAINED = frozenset({"FB", "WO"})
LineKey = tuple[str, int, int]
Chain = tuple[str, str]


@dataclass(frozen=True)
class PostedLine:
    """A PLB pair of a posted transaction and its place in it."""

    transaction: Transaction
    index: int
    pair: ProviderAdjustment

    @property
    def key(self) -> LineKey:
        """File, transaction and place, all from 0."""
        return self.transaction.file_sha256, self.transaction.st_index, self.index

    @property
    def chain(self) -> Chain:
        """Payer and provider; a PLB without a provider is the payee's."""
        sent = self.transaction
        return sent.payer or "", self.pair.provider_id or sent.payee_npi or ""


def posted_lines(transactions: Sequence[Transaction]) -> list[PostedLine]:
    """Return the lines of posted transactions in remit order."""
    lines = [
        PostedLine(sent, index, pair)
        for sent, verdict in zip(transactions, remits.verdicts(transactions), strict=True)
        if verdict == "posted"
        for index, pair in enumerate(sent.provider_adjustments)
    ]
    return sorted(lines, key=_remit_order)


def _remit_order(line: PostedLine) -> tuple[object, ...]:
    sent = line.transaction
    when = (sent.paid_on is None, sent.paid_on or 0, sent.trn_number is None, (sent.trn_number or "").encode())
    return (*when, sent.st_index, sent.file_sha256, line.index)


def running(lines: Sequence[PostedLine]) -> dict[LineKey, int]:
    """Return what the payer will still take back from the provider after each line."""
    still_open: dict[Chain, int] = {}
    after = {}
    for line in lines:
        put_off = -line.pair.amount_cents if line.pair.reason_code in CHAINED else 0
        still_open[line.chain] = still_open.get(line.chain, 0) + put_off
        after[line.key] = still_open[line.chain]
    return after


def open_balances(lines: Sequence[PostedLine]) -> dict[Chain, int]:
    """Return the balances that are not level after the last line."""
    after = running(lines)
    last = {line.chain: after[line.key] for line in lines}
    return {chain: cents for chain, cents in last.items() if cents}


def visits(lines: Sequence[PostedLine], matched: Mapping[str, Sequence[PostedClaim]]) -> dict[LineKey, str | None]:
    """Return the one visit whose claims of that payer a line's reference names, by either side's number; else None."""
    named: dict[tuple[str | None, str], set[str]] = {}
    for token, claims in matched.items():
        for posted in claims:
            for number in (posted.claim.payer_claim_number, posted.claim.claim_ref, posted.claim.original_ref):
                named.setdefault((posted.payer, _plain(number)), set()).add(token)
    found = {}
    for line in lines:
        words = {_plain(word) for word in (line.pair.reference, *line.pair.reference.split(" "))} - {"", "0"}
        tokens = {token for word in words for token in named.get((line.transaction.payer, word), set())}
        found[line.key] = tokens.pop() if len(tokens) == 1 else None
    return found


def _plain(number: str | None) -> str:
    return (number or "").upper().replace(" ", "").replace("-", "")
