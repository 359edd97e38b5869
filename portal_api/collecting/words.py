"""The worklist in plain words: of each kind what it is called, what happened, and what to do."""

from __future__ import annotations

from ledger.store.worklist import Kind

TITLES: dict[str, str] = {
    Kind.PAYMENT_FAILED: "Payment failed",
    Kind.SEND_REFUSED: "Charge refused",
    Kind.SEND_STUCK: "Charge stuck",
    Kind.TWO_DEMANDS: "Asked twice",
    Kind.MISSING_CLOSE_OUT: "Not closed out",
    Kind.POS_MISMATCH: "Place of service differs",
    Kind.LEAK: "Money to look for",
    Kind.HELD_INVOICE: "Subscription invoice held",
    Kind.HELD_REMIT: "Remittance held",
    Kind.UNMATCHED_REMIT: "Remittance without a visit",
}
# What is known of one cause (its `why`) is said instead of what is known of all of the kind.
_HAPPENED: dict[tuple[str, str], str] = {
    (Kind.PAYMENT_FAILED, ""): "The card could not be charged, and it is not tried again by itself.",
    (Kind.PAYMENT_FAILED, "new_card"): "The card cannot work, or there is none: the patient has to give another.",
    (Kind.PAYMENT_FAILED, "authenticate"): "The patient's bank wants the patient to confirm the payment.",
    (Kind.PAYMENT_FAILED, "never"): "The bank says that this card must not be tried again; it may be lost or stolen.",
    (Kind.PAYMENT_FAILED, "given_up"): "Every attempt at the card failed, and no more are made.",
    (Kind.SEND_REFUSED, ""): "The payment processor refused what was sent for this visit.",
    (
        Kind.SEND_REFUSED,
        "no_subscription",
    ): "The subscription that was to ask for this visit ended, or its month was invoiced, before the visit was sent.",
    (
        Kind.SEND_REFUSED,
        "timestamp_too_far_in_past",
    ): "The visit was to be asked for by the patient's subscription and was sent too late: more than 35 days after it.",
    (
        Kind.SEND_STUCK,
        "usage_expires",
    ): "The visit is to be asked for by the patient's subscription, and is not sent yet: after 35 days it is too late.",
    (Kind.SEND_STUCK, ""): "What was sent for this visit has had no clear answer for a day.",
    (Kind.TWO_DEMANDS, ""): "A charge that was refused had its effect all the same: the patient may be asked twice.",
    (Kind.MISSING_CLOSE_OUT, ""): "The visit is over and nobody said what became of it, so nobody is billed.",
    (Kind.POS_MISMATCH, ""): "The visit and its claim name different places of service.",
    (Kind.LEAK, "completed_not_billed"): "The visit was completed and never billed.",
    (Kind.LEAK, "billed_not_billable"): "The patient was billed for a visit that is not billed.",
    (Kind.LEAK, "claim_never_adjudicated"): "The insurer never answered the claim.",
    (Kind.LEAK, "denied"): "The insurer denied the claim.",
    (Kind.LEAK, "underpaid"): "The insurer paid less than its fee schedule says.",
    (Kind.LEAK, "remit_for_unbillable_visit"): "The insurer paid for a visit that is not billed.",
    (Kind.LEAK, "duplicate_charge"): "The patient was charged twice.",
    (Kind.LEAK, "orphan_charge"): "Money was taken that names no visit of ours and pays no subscription.",
    (Kind.LEAK, "eft_missing"): "An insurer announced a transfer, and the bank shows no deposit of it.",
    (Kind.LEAK, "recoupment_open"): "An insurer took back or put off money, and that is not level yet.",
    (Kind.HELD_INVOICE, ""): "A subscription's invoice counts other visits than were completed. It is held as a draft.",
    (Kind.HELD_REMIT, "held"): "The insurer's remittance does not balance, so nothing of it counts yet.",
    (Kind.HELD_REMIT, "conflict"): "The same payment came before with another content, so this one does not count yet.",
    (
        Kind.UNMATCHED_REMIT,
        "",
    ): "An insurer decided a claim, and it leads to no visit of ours: nobody's account shows it.",
}
_TO_DO: dict[tuple[str, str], str] = {
    (Kind.PAYMENT_FAILED, ""): "Call the patient, and ask for another card or another way to pay.",
    (Kind.PAYMENT_FAILED, "new_card"): "We write to the patient. If no card comes, call.",
    (Kind.PAYMENT_FAILED, "authenticate"): "We write to the patient with a link. If nothing happens, call.",
    (Kind.PAYMENT_FAILED, "never"): "Call the patient: we do not write this. Ask for another card.",
    (
        Kind.SEND_REFUSED,
        "",
    ): "Ask finance why: “trueup explain” shows what was sent for the visit and how it was answered.",
    (Kind.SEND_REFUSED, "no_subscription"): "Ask finance to invoice it by itself, or say here why it is given up.",
    (
        Kind.SEND_REFUSED,
        "timestamp_too_far_in_past",
    ): "Ask finance to invoice it by itself, unless a memo asks for it; or say here why it is given up.",
    (Kind.SEND_STUCK, "usage_expires"): "Is the visit disputed? End the dispute in time, and it is sent by itself.",
    (Kind.SEND_STUCK, ""): "Ask finance to look the visit up at the processor before anything is sent again.",
    (Kind.TWO_DEMANDS, ""): "Ask finance to void one of the two invoices at the processor.",
    (Kind.MISSING_CLOSE_OUT, ""): "Close the visit out, or ask its provider to.",
    (
        Kind.POS_MISMATCH,
        "",
    ): "Ask the patient or the provider where the patient was, and correct the visit or the claim.",
    (Kind.LEAK, ""): "Look at the visit's history with finance, and say here how it ended.",
    (
        Kind.LEAK,
        "completed_not_billed",
    ): "Ask the patient to save a card and pay under Bills, or finance to invoice it; else say why it is given up.",
    (Kind.LEAK, "claim_never_adjudicated"): "Ask the clearing house for the claim, and send it again in time.",
    (Kind.LEAK, "denied"): "Read the reason on the remittance; correct the claim or appeal in time.",
    (Kind.LEAK, "underpaid"): "Compare with the contract, and appeal in time.",
    (Kind.LEAK, "duplicate_charge"): "Ask finance to refund one of the two.",
    (Kind.LEAK, "orphan_charge"): "Find out what it was for: put the visit's token on it, or refund it.",
    (Kind.LEAK, "eft_missing"): "Ask the bank and the insurer where the transfer is.",
    (Kind.LEAK, "recoupment_open"): "Ask the insurer which claims it is about, and when it will be level.",
    (Kind.HELD_INVOICE, ""): "Ask finance: “trueup subscriptions held” shows the counts, and “release” lets it go.",
    (
        Kind.HELD_REMIT,
        "",
    ): "Ask the insurer what is right. Then release it in the books, or let the corrected one take its place.",
    (
        Kind.UNMATCHED_REMIT,
        "",
    ): "Find out whose it is, of the insurer if need be, and match it to the visit in the books.",
}
_SAY_ALL = {Kind.MISSING_CLOSE_OUT, Kind.POS_MISMATCH, Kind.HELD_INVOICE, Kind.TWO_DEMANDS}


def title(kind: str) -> str:
    """Return what a kind is called."""
    return TITLES.get(kind) or kind.replace("_", " ").capitalize()


def happened(kind: str, why: str) -> str:
    """Return what happened; what has no sentence of its own is said with the code or the words it came with."""
    if known := _HAPPENED.get((kind, why)):
        return known
    general = _HAPPENED.get((kind, ""), "")
    return general if general and kind in _SAY_ALL else f"{general} ({why.replace('_', ' ')})".strip()


def to_do(kind: str, why: str) -> str:
    """Return what to do."""
    return _TO_DO.get((kind, why)) or _TO_DO.get((kind, ""), "Look at the visit, and say here how it ended.")
