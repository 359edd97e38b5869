"""What is in a remittance: its claims with their visits and where each went, its provider adjustments, and the sums."""

from collections.abc import Iterable
from typing import NamedTuple

from dashboards.desk import RemitName
from dashboards.here import Here
from dashboards.paging import Part
from dashboards.reading import Row, rows


class Outcome(NamedTuple):
    """What became of a claim: in a word, how good that is (good, plain, bad), and in a sentence."""

    word: str
    tag: str
    sentence: str


OUTCOMES = {
    "live": Outcome("posted", "good", "Posted, and the last word of its payer on the visit."),
    "denied": Outcome("denied", "bad", "Posted as a denial, which stands."),
    "reversal": Outcome("reversal", "plain", "Posted: it takes an earlier claim back."),
    "reversed": Outcome("reversed", "plain", "Posted, and taken back by a later claim."),
    "superseded": Outcome("superseded", "plain", "Posted, and a later claim of its payer took its place."),
    "unmatched": Outcome("no visit", "bad", "Posted as unapplied cash: it waits for its visit."),
    "never_posts": Outcome("for information", "plain", "Forwarded or estimated (CLP02 23 or 25): it never posts."),
    "held": Outcome("held", "bad", "Nothing of a held remittance posts."),
    "conflict": Outcome("conflict", "bad", "Nothing of a remittance in conflict posts."),
    "duplicate": Outcome("duplicate", "plain", "Posted once already, with the same content that came before."),
    "replaced": Outcome("replaced", "plain", "Another remittance took its place."),
}
"""By the name in the mart remit_claims."""
MATCHED_BY = {
    "exact": "by our reference",
    "normalised": "by our reference, written otherwise",
    "prefix": "by the beginning of our reference",
    "hand": "by a person's word",
    "payer_claim_number": "by the payer's own claim number",
}
PAYERS = {1: "primary payer", 2: "secondary payer", 3: "tertiary payer"}
_AMOUNTS = ("charge_cents", "paid_cents", "patient_responsibility_cents", "co_cents", "pi_cents", "oa_cents")
_GROUPS = {"co_cents": "CO", "pi_cents": "PI", "oa_cents": "OA"}


class Contents(NamedTuple):
    """A part of the claims, all of them by outcome and added up (cents), and the provider adjustments.

    `groups`: the columns of adjustments that anything is in, by the code of their group.
    """

    claims: list[Row]
    part: Part
    outcomes: list[Row]
    sums: dict[str, int]
    groups: dict[str, str]
    lines: list[Row]

    @property
    def number(self) -> int:
        """How many claims there are."""
        return _sum(self.outcomes, "claims")

    @property
    def lines_cents(self) -> int:
        """What all provider adjustments take off the payment, also those beyond the listed."""
        return int(self.lines[0]["lines_cents"]) if self.lines else 0


def contents(here: Here, remit: RemitName, number: int) -> Contents:
    """Read part `number` of the claims of a transaction; raises HTTPException 404 when there is no such part."""
    of_it = {"file": remit.file_sha256, "st": remit.st_index}
    outcomes = rows(here, "remit_claim_sums", of_it)
    part = Part.of(_sum(outcomes, "claims"), number)
    sums = {name: _sum(outcomes, name) for name in _AMOUNTS}
    return Contents(
        claims=rows(here, "remit_claims", {**of_it, "size": part.size, "skipped": part.skipped}),
        part=part,
        outcomes=outcomes,
        sums=sums,
        groups={name: code for name, code in _GROUPS.items() if sums[name] or name == "co_cents"},
        lines=rows(here, "provider_lines", of_it),
    )


def _sum(found: Iterable[Row], name: str) -> int:
    return sum(row[name] for row in found)
