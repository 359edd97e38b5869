"""How a random world stands in files: the CSV feeds, Stripe lines, and small 835 files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from random import Random

    from tests.support.oracle.inputs import Adjustment, Claim, Deposit, Fee, Observation, Practice, Transaction
    from tests.support.random_stripe import Line


def uuid4(rng: Random) -> str:
    """Return a random version 4 UUID that the seed decides."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def _csv(header: str, rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split())
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return text.getvalue().encode()


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _modifiers(modifiers: Iterable[str]) -> str:
    return "|".join(sorted(modifiers))


def visits_csv(observations: Iterable[Observation]) -> bytes:
    """Return the visit ledger as a file."""
    header = (
        "visit_token claim_ref practice_id provider_id state service_code modifiers units place_of_service "
        "scheduled_start scheduled_end started_at ended_at payer_id charge_cents patient_estimate_cents "
        "state_changed_at"
    )
    rows = [
        (
            *(seen.visit_token, seen.claim_ref, seen.practice_id, seen.provider_id, seen.state, seen.service_code),
            *(_modifiers(seen.modifiers), seen.units, seen.place_of_service),
            *(_time(seen.scheduled_start), _time(seen.scheduled_end), _time(seen.started_at), _time(seen.ended_at)),
            *(seen.payer_id, seen.charge_cents, seen.patient_estimate_cents, _time(seen.state_changed_at)),
        )
        for seen in observations
    ]
    return _csv(header, rows)


def fees_csv(fees: Iterable[Fee]) -> bytes:
    """Return the fee schedule as a file."""
    header = "payer_id service_code modifiers place_of_service effective_from effective_to allowed_cents"
    rows = [
        (
            *(fee.payer_id, fee.service_code, _modifiers(fee.modifiers), fee.place_of_service),
            *(fee.effective_from, fee.effective_to, fee.allowed_cents),
        )
        for fee in fees
    ]
    return _csv(header, rows)


def practices_csv(practices: Iterable[Practice]) -> bytes:
    """Return the practices' rules as a file."""
    header = "practice_id no_show_fee_cents late_cancel_fee_cents partial_visit"
    rows = [(p.practice_id, p.no_show_fee_cents, p.late_cancel_fee_cents, p.partial_visit) for p in practices]
    return _csv(header, rows)


def bank_csv(deposits: Iterable[Deposit]) -> bytes:
    """Return the bank's list as a file."""
    rows = [(d.deposit_id, d.deposited_on, d.amount_cents, d.trace_number, "EFT") for d in deposits]
    return _csv("deposit_id deposited_on amount_cents trace_number description", rows)


def stripe_jsonl(lines: Iterable[Line]) -> bytes:
    """Return Stripe objects as JSON Lines."""
    return b"".join(json.dumps(line.document()).encode() + b"\n" for line in lines)


@dataclass(frozen=True)
class Delimiters:
    """The signs of one interchange, and what stands after each terminator."""

    element: str = "*"
    component: str = ":"
    terminator: str = "~"
    after: str = "\n"


def amount(cents: int) -> str:
    """Return cents as an 835 amount: no trailing zeros, as senders write them."""
    whole, part = divmod(abs(cents), 100)
    text = f"{whole}.{part:02d}".rstrip("0").rstrip(".")
    return f"-{text}" if cents < 0 else text


def _cas(adjustments: Sequence[Adjustment]) -> list[list[str]]:
    """Return CAS segments: neighbours of one group share a segment, up to six triplets."""
    segments: list[list[str]] = []
    for row in adjustments:
        triplet = [row.reason_code, amount(row.amount_cents), ""]
        if segments and segments[-1][1] == row.group_code and len(segments[-1]) < 2 + 3 * 6:
            segments[-1] += triplet
        else:
            segments.append(["CAS", row.group_code, *triplet])
    return segments


def _claim(claim: Claim) -> list[list[str]]:
    segments = [
        [
            *("CLP", claim.claim_ref or "", claim.status_code, amount(claim.charge_cents), amount(claim.paid_cents)),
            *(amount(claim.clp05_cents), "12", claim.payer_claim_number or "", claim.facility_code or "", "1"),
        ],
        *_cas(claim.claim_adjustments),
        *([["REF", "F8", claim.original_ref]] if claim.original_ref else []),
    ]
    for service in claim.services:
        code = ":".join(("HC", service.service_code, *service.modifiers))
        segments.append(["SVC", code, amount(service.charge_cents), amount(service.paid_cents)])
        segments += [["DTM", "472", "20260901"], *_cas(service.adjustments)]
    return segments


def body(sent: Transaction) -> list[list[str]]:
    """Return the segments between ST and SE, with `:` in composites."""
    paid_on = f"{sent.paid_on:%Y%m%d}" if sent.paid_on else ""
    segments = [
        ["BPR", "I", amount(sent.bpr_cents), "C", sent.bpr_method or "", *[""] * 11, paid_on],
        ["TRN", "1", sent.trn_number or "", sent.trn_payer or ""],
        ["N1", "PR", sent.payer_name or "", *(["XV", sent.payer_id] if sent.payer_id else [])],
        ["N1", "PE", "CLINIC", *(["XX", sent.payee_npi] if sent.payee_npi else [])],
        ["LX", "1"],
    ]
    for claim in sent.claims:
        segments += _claim(claim)
    for pair in sent.provider_adjustments:
        reference = f"{pair.reason_code}:{pair.reference}"
        provider = pair.provider_id or sent.payee_npi or "0"
        segments.append(["PLB", provider, "20261231", reference, amount(pair.amount_cents)])
    return [_stripped(segment) for segment in segments]


def _stripped(segment: list[str]) -> list[str]:
    """Return a segment without empty elements at its end."""
    while not segment[-1]:
        segment = segment[:-1]
    return segment


def body_sha256(sent: Transaction) -> str:
    """Return the name of a transaction's body, whatever its envelope."""
    return hashlib.sha256("".join("*".join(segment) + "~" for segment in body(sent)).encode()).hexdigest()


def era_835(transactions: Sequence[Transaction], control: int, signs: Delimiters) -> bytes:
    """Return one interchange with these transactions."""
    segments = [["GS", "HP", "SENDER", "RECEIVER", "20261001", "1200", str(control), "X", "005010X221A1"]]
    for index, sent in enumerate(transactions):
        number = f"{control + index:04d}"
        inner = body(sent)
        segments += [["ST", "835", number], *inner, ["SE", str(len(inner) + 2), number]]
    segments += [["GE", str(len(transactions)), str(control)], ["IEA", "1", f"{control:09d}"]]
    head = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "SENDER".ljust(15), "ZZ", "RECEIVER".ljust(15)]
    head += ["261001", "1200", "^", "00501", f"{control:09d}", "0", "P", signs.component]
    lines = [signs.element.join(head)]
    lines += [signs.element.join(segment).replace(":", signs.component) for segment in segments]
    return "".join(line + signs.terminator + signs.after for line in lines).encode()
