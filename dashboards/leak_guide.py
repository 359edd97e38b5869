"""What each leak category means and what to do about it, in the words of the person who has to do it."""

from typing import NamedTuple


class Guide(NamedTuple):
    """Title, why the money leaks, and the next step."""

    title: str
    why: str
    action: str


_GUIDES = {
    "completed_not_billed": Guide(
        "Completed, not billed",
        "The visit took place and the patient owes a share, yet nothing was ever asked for.",
        "Invoice or charge the amount shown. Once a payer decides, a memo will level it.",
    ),
    "charge_failed": Guide(
        "Charge failed",
        "Every attempt to charge the patient failed and nothing was collected.",
        "Ask the patient for another way to pay, then charge again.",
    ),
    "billed_not_billable": Guide(
        "Billed, not billable",
        "The patient was asked for money for a visit that is not to be billed.",
        "Void the invoice or refund the difference; the credit memo stands in the register.",
    ),
    "duplicate_charge": Guide(
        "Charged twice",
        "The same amount was taken more than once for one visit within a day.",
        "Refund all but the first charge. The evidence names them.",
    ),
    "claim_never_adjudicated": Guide(
        "Claim never decided",
        "The visit ended long ago and no payer decision stands for it.",
        "Ask the payer for the claim's status; send it again before the filing limit runs out.",
    ),
    "denied": Guide(
        "Denied",
        "The primary payer's last word is a denial.",
        "Read the payer's reason, then correct and resubmit in time, or appeal. Leave one that is capitation.",
    ),
    "pos_mismatch": Guide(
        "Place of service differs",
        "The payer paid on another telehealth place of service than the visit's. A negative amount is a liability.",
        "Send a corrected claim with the visit's own place of service (02, or 10 for the patient's home).",
    ),
    "underpaid": Guide(
        "Paid below contract",
        "The payer allowed less than the fee schedule says for the place of service it paid on.",
        "Dispute the payment with the fee schedule's line, or mend the schedule if it is out of date.",
    ),
    "orphan_charge": Guide(
        "Charge without a visit",
        "Money was taken that names no visit of ours and pays no subscription.",
        "Find out what it was for: put the visit's token on it, or refund it.",
    ),
    "orphan_remit": Guide(
        "Payer money without a visit",
        "A payer paid a claim whose reference reaches no visit of ours.",
        "Compare the best candidate, if one is named. Load the missing visit, or return the money.",
    ),
    "remit_for_unbillable_visit": Guide(
        "Paid, but not billable",
        "A payer paid for a visit whose state says it is not to be billed.",
        "Correct the visit's state if it did take place; else the payment has to go back.",
    ),
    "eft_missing": Guide(
        "Deposit missing",
        "The payer announced a bank transfer that the bank has not shown.",
        "Trace the payment with the payer by its trace number.",
    ),
    "recoupment_open": Guide(
        "Recovery still open",
        "The payer put off taking money back, or carried it forward, and the balance is not level yet. "
        "A negative amount was taken back without having been put off.",
        "Expect the payer to take a positive amount from a later remit; ask it what a negative one was for.",
    ),
}


def guide(category: str) -> Guide:
    """Return the category's guide; a category added to the marts later shows under its own name."""
    return _GUIDES.get(category) or Guide(category.replace("_", " ").capitalize(), "", "")


def known(category: str) -> bool:
    """Tell whether there is such a category."""
    return category in _GUIDES
