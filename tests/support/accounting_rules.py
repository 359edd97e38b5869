"""The accounting rules of a remittance, each with its source, what a payer says of a visit and what the books say then.

"X12 RFI n" is a request for interpretation that X12 has answered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.support.oracle import small
from tests.support.remittance_writer import Claim, Line, More

CHARGE = 15000
NEVER_READ = {"allowed_cents": None, "denied_cents": 0, "payer_paid_cents": 0, "patient_responsibility_cents": None}


def said(paid: int, adjustments: str = "", charge: int = CHARGE, **more: Any) -> Claim:
    """Return a claim in cents with adjustments at claim level, written as "CO-45:5000 PR-1:2000"."""
    return Claim(charge=charge, paid=paid, adjustments=cas(adjustments), **more)


def line(code: str, charge: int, paid: int, adjustments: str = "", submitted: str = "") -> Line:
    """Return a service line in cents."""
    return Line(code, charge, paid, adjustments=cas(adjustments), submitted=submitted)


def cas(text: str) -> tuple[tuple[str, str, int], ...]:
    """Return the triplets of "CO-45:5000 PR-1:2000"."""
    return tuple((row.group_code, row.reason_code, row.amount_cents) for row in small.cas(text))


@dataclass(frozen=True)
class Rule:
    """A rule, its source, what the payer says of a visit, first and a week later, and what the books say then."""

    says: str
    source: str
    first: tuple[Claim, ...]
    expect: dict[str, int | None]
    later: tuple[Claim, ...] = ()


RULES = (
    Rule(
        "the group decides who owes: CO with a deductible's reason is not the patient's",
        "X12 RFI 2048",
        (said(8000, "CO-45:4000 CO-1:1000 CO-2:1000 CO-3:1000"),),
        {"patient_responsibility_cents": 0, "other_adjustment_cents": 3000, "contractual_cents": 4000},
    ),
    Rule(
        "the group decides who owes: PR with the contractual reason is the patient's",
        "X12 RFI 2048",
        (said(8000, "CO-45:5000 PR-45:2000"),),
        {"patient_responsibility_cents": 2000, "contractual_cents": 5000, "allowed_cents": 10000},
    ),
    Rule(
        "the sign decides a reversal, not the status",
        "a public file reverses under CLP02 1; research of public remittances",
        (said(8000, "CO-45:7000"),),
        {**NEVER_READ, "contractual_cents": 0},
        (said(-8000, "CO-45:-7000", -CHARGE, status="1"),),
    ),
    Rule(
        "a reversal takes back under the original group codes",
        "X12 RFI 1147",
        (said(8000, "CO-45:5000 PR-2:2000"),),
        {**NEVER_READ, "contractual_cents": 0, "patient_target_cents": 2500},
        (said(-8000, "CO-45:-5000 PR-2:-2000", -CHARGE, status="22"),),
    ),
    Rule(
        "a negative CO is what the payer said and is not mended",
        "X12 RFI 1147",
        (said(15500, "CO-45:-500"),),
        {"contractual_cents": -500, "allowed_cents": 15500, "patient_responsibility_cents": 0},
    ),
    Rule(
        "a later payer's OA-23 repeats what is posted and is not posted again",
        "X12 RFI 2143 and 2535",
        (said(8000, "CO-45:5000 PR-2:2000"),),
        {
            "payer_paid_cents": 9500,
            "patient_responsibility_cents": 500,
            "contractual_cents": 5000,
            "other_adjustment_cents": 0,
            "allowed_cents": 10000,
        },
        (said(1500, "OA-23:13000 PR-3:500", status="2", payer_number="B"),),
    ),
    Rule(
        "a later payer's CO-45 in place of OA-23 does not drive the balance below nothing",
        "X12 RFI 1696",
        (said(8000, "CO-45:5000 PR-2:2000"),),
        {"contractual_cents": 5000, "patient_responsibility_cents": 0, "patient_target_cents": 0},
        (said(1500, "CO-45:13500", status="2", payer_number="B"),),
    ),
    Rule(
        "sequestration stands apart from the contract's write-off and is never the patient's",
        "CARC 253; public Medicare guides",
        (said(7840, "CO-45:5000 PR-2:2000 CO-253:160"),),
        {
            "sequestration_cents": 160,
            "contractual_cents": 5000,
            "other_adjustment_cents": 0,
            "patient_responsibility_cents": 2000,
            "allowed_cents": 10000,
        },
    ),
    Rule(
        "a claim processed as primary that paid nothing and was refused is a denial",
        "X12 RFI 207",
        (said(0, "CO-45:5000 CO-50:10000", status="1"),),
        {"denied_cents": 15000, "contractual_cents": 0, "allowed_cents": 0},
    ),
    Rule(
        "a claim under status 4 that paid is no denial",
        "X12 RFI 207 and 1423",
        (said(8000, "CO-45:7000", status="4"),),
        {"denied_cents": 0, "contractual_cents": 7000, "payer_paid_cents": 8000},
    ),
    Rule(
        "status 4 takes the order of the other claims of its payer",
        "X12 RFI 1423",
        (said(0, "CO-31:15000", status="4"),),
        {"denied_cents": 0, "allowed_cents": None, "payer_paid_cents": 1500},
        (said(1500, "OA-23:13500", status="2"),),
    ),
    Rule(
        "a predetermination (25) never posts",
        "X12 RFI 1423",
        (said(0, "OA-101:15000", status="25"),),
        NEVER_READ,
    ),
    Rule(
        "a claim that is not the payer's and was forwarded (23) never posts",
        "X12 RFI 1423",
        (said(0, "OA-109:15000", status="23"),),
        NEVER_READ,
    ),
    Rule(
        "a split claim is one reference under several payer numbers, and all its parts count",
        "X12 RFI 1808",
        (
            said(6000, "CO-45:3000 PR-2:1000", 10000, payer_number="A"),
            said(3000, "CO-45:1500 PR-2:500", 5000, payer_number="B"),
        ),
        {
            "payer_paid_cents": 9000,
            "contractual_cents": 4500,
            "patient_responsibility_cents": 1500,
            "allowed_cents": 10500,
        },
    ),
    Rule(
        "bundled lines: what OA-94 adds to the new code CO-97 takes from the others",
        "X12 RFI 2320, 2551 and 2044",
        (
            said(
                9000,
                lines=(
                    line("99215", 10000, 9000, "OA-94:-5000 CO-45:6000", submitted="99213"),
                    line("99212", 5000, 0, "CO-97:5000"),
                ),
            ),
        ),
        {"payer_paid_cents": 9000, "contractual_cents": 6000, "other_adjustment_cents": 0, "denied_cents": 0},
    ),
    Rule(
        "unbundled lines: the first keeps the charge, the others have none and are paid all the same",
        "X12 RFI 2283",
        (
            said(
                8000,
                lines=(
                    line("99213", CHARGE, 5000, "CO-45:7000 OA-94:3000", submitted="99215"),
                    line("99212", 0, 3000, "OA-94:-3000", submitted="99215"),
                ),
            ),
        ),
        {"payer_paid_cents": 8000, "contractual_cents": 7000, "other_adjustment_cents": 0, "allowed_cents": 8000},
    ),
    Rule(
        "a capitated claim is a denial by its amounts",
        "CARC 24",
        (said(0, "CO-24:15000"),),
        {"denied_cents": 15000, "other_adjustment_cents": 0, "patient_responsibility_cents": 0},
    ),
    Rule(
        "interest (AMT*I) informs and is no part of what a claim paid",
        "X12 RFI 2601",
        (said(8000, "CO-45:7000", more=More(amounts=(("I", 150),))),),
        {"payer_paid_cents": 8000, "allowed_cents": 8000},
    ),
    Rule(
        "adjustments of the claim and of its services add up",
        "X12 RFI 2570 and 1053",
        (said(7900, "CO-45:100", lines=(line("99213", CHARGE, 8000, "CO-45:5000 PR-1:2000"),)),),
        {"contractual_cents": 5100, "patient_responsibility_cents": 2000, "payer_paid_cents": 7900},
    ),
    Rule(
        "what CLP05 says the patient owes is not believed",
        "25 of 1,642 claims of public files differ from their PR adjustments",
        (said(8000, "CO-45:5000 PR-1:2000", owed=7777),),
        {"patient_responsibility_cents": 2000, "patient_target_cents": 2000},
    ),
    Rule(
        "a claim reversed in one remittance is corrected in another",
        "X12 RFI 227 and 791",
        (said(8000, "CO-45:5000 PR-2:2000", payer_number="A"),),
        {"payer_paid_cents": 9000, "contractual_cents": 5000, "patient_responsibility_cents": 1000},
        (said(-8000, "CO-45:-5000 PR-2:-2000", -CHARGE, status="22", payer_number="A"),),
    ),
)


def number_of(sentence: str) -> int:
    """Return the place of the one rule that says so."""
    (found,) = (place for place, rule in enumerate(RULES) if sentence in rule.says)
    return found


def token(place: int) -> str:
    """Return the visit of a rule."""
    return f"00000000-0000-4000-8000-{place:012d}"


def about(place: int, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Return the claims under the reference of a rule's visit, and payer numbers of their own."""
    return tuple(
        replace(claim, ref=f"RULE{place:013d}", payer_number=f"ICN{place}{claim.payer_number}") for claim in claims
    )
