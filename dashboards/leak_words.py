"""Why we think that money leaks: the evidence of a leak in a sentence, with its amounts."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from dashboards.money import dollars

_SENTENCES = {
    "completed_not_billed": "The visit is {state} and {patient_target_cents} of it is the patient's to pay, but no "
    "invoice, payment or memo asks for it.{voided}",
    "charge_failed": "{patient_target_cents} is the patient's to pay. Every charge that was tried failed, and "
    "{patient_collected_cents} came in.",
    "billed_not_billable": "The visit is {state}, for which {patient_target_cents} is due. The patient was asked for "
    "{patient_billed_cents}.",
    "claim_never_adjudicated": "The visit ended on {ended_on} and no payer's decision on it stands. "
    "Of {worth} the patient's own share is about {patient_estimate_cents}.",
    "denied": "The primary payer's last word refuses {denied_cents}. {priced}",
    "pos_mismatch": "The visit took place at POS {pos_ledger}, the payer paid it at POS {pos_paid}. The fee schedule "
    "allows {expected_at_ledger_pos_cents} there and {expected_at_paid_pos_cents} here.",
    "underpaid": "The fee schedule says {expected_allowed_cents} at POS {pos}; the payer allowed {allowed_cents}.",
    "remit_for_unbillable_visit": "The visit is {state}, which is not billed, and payers paid {payer_paid_cents}.",
    "duplicate_charge": "{captured_cents} was taken {times} times for this visit: {charge_ids}.",
    "orphan_charge": "{charge_id} took {captured_cents} on {created_on}, gave back {refunded_cents}, and names "
    "{named}.",
    "orphan_remit": "A payer paid the claim {claim_ref} on {paid_on}, and it reaches no visit: {why}.",
    "eft_missing": "{payer_name} announced the transfer {trn_number} for {paid_on}, {days_since} days ago. The bank "
    "shows no deposit of that trace and amount.",
    "recoupment_open": "{payer_name} put off or took money of provider {provider_id} in {times} lines since the "
    "balance was last level.",
}


def because(category: str, evidence: Mapping[str, Any]) -> str:
    """Say why, from the evidence of marts.leaks; of a category that is not known here, nothing."""
    facts: dict[str, str] = defaultdict(lambda: "something unknown", payer_name="A payer")
    facts |= {name: _said(name, value) for name, value in evidence.items() if value is not None}
    return _SENTENCES.get(category, "").format_map(facts | _more(evidence)) if category in _SENTENCES else ""


def _said(name: str, value: Any) -> str:
    if name.endswith("_cents"):
        return dollars(value)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value).replace("_", " ") if name == "state" else str(value)


def _more(evidence: Mapping[str, Any]) -> "defaultdict[str, str]":
    """Say what takes several facts, or the lack of one."""
    expected, charge = evidence.get("expected_allowed_cents"), evidence.get("charge_cents")
    several = evidence.get("charge_ids") or evidence.get("lines") or ()
    visit, voided = evidence.get("visit_token_of_no_visit"), evidence.get("voided_invoice")
    said: defaultdict[str, str] = defaultdict(lambda: "something unknown")
    return said | {
        "worth": f"the expected {dollars(expected)}" if expected is not None else f"the charge of {dollars(charge)}",
        "priced": _priced(evidence, expected),
        "times": str(len(several)),
        "voided": f" Its usage was on the subscription's invoice {voided}, which is void." if voided else "",
        "named": f"the visit {visit}, which the ledger does not have" if visit else "no visit",
    }


def _priced(evidence: Mapping[str, Any], expected: int | None) -> str:
    if "capitation" in evidence:
        return "It is paid by the month (capitation): there is nothing to appeal."
    if expected is None:
        return "The fee schedule has no price for it."
    return f"Paid, the fee schedule would have it allow {dollars(expected)}."
