"""What a reader has to say about a remittance file: one list, one sentence a rule, nothing that may name a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from ingestion.landing import Quarantined
from ledger.rules.showing import described

_AMOUNT_LIKE = re.compile(r"[+-]?\$?[0-9,]*\.?[0-9]*")
_MOST_DIGITS = 18  # longer ones are more likely numbers of members or accounts

ERROR_RULES = {
    "era.empty": "The file is empty. Ask the sender for it again.",
    "era.not_edi": (
        "The file is not an 835: before any ISA, GS or ST stands other text. Load the file as the payer sent it, "
        "without notes, headings or reports around it."
    ),
    "era.isa_unreadable": (
        "The file starts with an ISA that cannot be read (cut off, or its 16 elements are not there), so "
        "everything up to the next ISA was left out. Ask the sender for the file again."
    ),
    "era.endless_claim": (
        "From here on 64 MiB stand without the end of a claim, which no remittance has. The rest of the file was not "
        "read; ask the sender for it again."
    ),
    "era.no_remittance": (
        "The file holds no 835 transaction, so there is nothing to post. Load the remittance file of the same delivery."
    ),
    "era.segment_outside": (
        "Segments stand outside every transaction and cannot be read; an ST may be damaged. Ask the sender for "
        "the file again if a remittance is missing."
    ),
    "era.archive_unreadable": (
        "The compressed file cannot be opened (damaged, locked by a password, or too large). Unpack it yourself, "
        "or ask the sender for it again."
    ),
    "era.cut_off": (
        "The transaction has no SE of its own: the file was cut off or damaged here. It is held and never posts; "
        "ask the sender for the whole file and load that."
    ),
    "era.bpr_missing": (
        "The transaction has no BPR, so nobody knows how much was paid. It is held; ask the payer to send it again."
    ),
    "era.bpr_repeated": (
        "The transaction has a second BPR, so two payments claim it. It is held; ask the payer to send it again."
    ),
    "era.bpr_negative": (
        "The payment (BPR02) is below zero, which a payment cannot be; a balance owed goes forward by PLB. It is "
        "held; ask the payer for a corrected 835."
    ),
    "era.amount_unreadable": (
        "{where} is not an amount (digits, at most two of them after the point, at most 18 in all) or more than the "
        "books can hold. The transaction is held; ask the payer for a corrected 835."
    ),
    "era.amount_too_large": (
        "The amounts of the transaction add up to more than the books can hold. It is held; ask the payer for a "
        "corrected 835."
    ),
    "era.currency": "The remittance is not in US dollars (CUR02). It is held; post it by hand at the rate of the bank.",
    "era.service_outside_claim": (
        "A service line (SVC) stands before any claim (CLP). The transaction is held; ask the payer to send it again."
    ),
    "era.adjustment_outside_claim": (
        "An adjustment (CAS) stands before any claim (CLP). The transaction is held; ask the payer to send it again."
    ),
    "era.held_residual": (
        "The payment (BPR02) differs from the claims paid less the provider adjustments (CLP04, PLB) by the "
        "amount shown. The transaction is held until the payer explains the difference (then `trueup era release` lets "
        "it post) or sends it corrected (`trueup era replace`)."
    ),
    "era.conflict": (
        "A posted remittance has the same payer, payee, trace number, date and amount as this one, but other "
        "claims. This one is held; ask the payer which of the two is right, then `trueup era replace` puts one in the "
        "place of the other."
    ),
}
"""Rules whose breach holds the transaction (or refuses the file): rule to sentence."""

WARNING_RULES = {
    "era.no_isa": "The piece has no ISA; its delimiters were taken from its first segments. What balances is posted.",
    "era.other_transaction": "A transaction that is no 835 (ST01 is shown) was skipped.",
    "era.duplicate": "The same remittance came before, so this copy never posts. There is nothing to do.",
    "era.trn_missing": (
        "The transaction has no trace number (TRN02), so nobody can match it with its deposit. It is judged by its own "
        "balance."
    ),
    "era.trn_repeated": "The transaction has a second TRN; the first one was taken as its trace number.",
    "era.prenote": "BPR01 is P: a test of the bank connection, no money. Make sure that nothing is expected of it.",
    "era.debit": "BPR03 is D: the payer takes this amount, it does not pay it. Look at it before the month is closed.",
    "era.trace_repeated": (
        "The payer used this trace number (TRN02) for another payment before, which it must not (X12 RFI 1847). Match "
        "each with its own deposit by date and amount, and ask the payer where only one came."
    ),
    "era.se_count": "SE01 is not the number of segments counted. The transaction is judged by its own balance.",
    "era.se_control": "SE02 is not the control number of its ST. The transaction is judged by its own balance.",
    "era.ge_count": "GE01 is not the number of transactions counted in the group; see that no transaction is missing.",
    "era.ge_control": "GE02 is not the control number of its GS.",
    "era.ge_missing": "The group has no GE: see that the file is whole.",
    "era.iea_count": "IEA01 is not the number of groups counted in the interchange; see that no group is missing.",
    "era.iea_control": "IEA02 is not the control number of its ISA.",
    "era.iea_missing": "The interchange has no IEA: see that the file is whole.",
    "era.claim_unbalanced": (
        "CLP03 less its adjustments differs from CLP04 by the amount shown; posted as the payer sent it. Ask the "
        "payer how the claim was worked out."
    ),
    "era.service_unbalanced": (
        "SVC02 less its adjustments differs from SVC03 by the amount shown; posted as the payer sent it. Ask the "
        "payer how the line was worked out."
    ),
    "era.amount_missing": "{where} is empty and was taken as 0.",
    "era.reason_missing": "An adjustment has an amount and no reason code; it is kept without one.",
    "era.component_mark": (
        "The parts of an element are separated by another character than ISA16 says; they were read by that one."
    ),
    "era.group_unknown": "The adjustment group (CAS01) is none of CO, PR, OA, PI and CR; kept where it can be a code.",
    "era.value_unreadable": "{where} is not an amount; it is left empty. It only informs: no balance counts it.",
    "era.quantity_unreadable": "{where} is not a number; it is left empty.",
    "era.date_unreadable": "{where} is not a date (CCYYMMDD); it is left empty.",
    "era.segment_unknown": "A segment that an 835 does not have was passed over.",
}
"""Rules whose breach is told and changes nothing: rule to sentence."""


class Finding(NamedTuple):
    """One remark, with indexes that start at 0.

    `segment_index` counts from the ST of its transaction, or from the start of the file where `st_index` is null;
    `byte_offset` from the start of the file.
    """

    st_index: int | None
    segment_index: int | None
    byte_offset: int | None
    severity: str
    rule: str
    value: str | None
    message: str

    @property
    def position(self) -> str:
        """Where it is, as quarantine says it: `ST 0 segment 12`."""
        parts = [] if self.st_index is None else [f"ST {self.st_index}"]
        parts += [] if self.segment_index is None else [f"segment {self.segment_index}"]
        return " ".join(parts) or "file"


@dataclass(frozen=True)
class Place:
    """Where the reader stands: transaction (null outside), segment and byte."""

    st_index: int | None = None
    segment_index: int | None = None
    byte_offset: int | None = None


def finding(rule: str, place: Place, value: str | None = None, where: str = "") -> Finding:
    """Make a remark under one of the rules above. `value` must be safe to show; `where` names the element (`CLP04`)."""
    severity, sentence = ("error", ERROR_RULES[rule]) if rule in ERROR_RULES else ("warning", WARNING_RULES[rule])
    message = sentence.format(where=where)
    return Finding(place.st_index, place.segment_index, place.byte_offset, severity, rule, value, message)


def shown(value: str) -> str:
    """Say what may be shown of an element that should have been an amount: itself where it looks like one."""
    digits = sum(character.isdecimal() for character in value)
    return value if value and digits <= _MOST_DIGITS and _AMOUNT_LIKE.fullmatch(value) else described(value)


def dollars(cents: int) -> str:
    """Cents as dollars: -1205 is `-12.05`."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def quarantined(findings: list[Finding]) -> tuple[Quarantined, ...]:
    """Return the pieces that go to quarantine: every error, once for each position and rule."""
    pieces = {
        (found.position, found.rule): Quarantined(found.position, found.rule, found.value, found.message)
        for found in reversed(findings)
        if found.severity == "error"
    }
    return tuple(reversed(pieces.values()))
