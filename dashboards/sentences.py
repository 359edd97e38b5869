"""What a page says after a deed, by the name that stands in its address: an address says nothing of its own."""

SAID: dict[str, str] = {
    "remit_released": "It is released. The next reconcile posts it.",
    "remit_replaced": "The other one stands in its place. The next reconcile brings the books up to it.",
    "claim_matched": "The claim is matched. The next reconcile puts it with its visit.",
    "settled_before": "It was settled so before; nothing changed.",
}
