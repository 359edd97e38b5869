"""What a page says after a deed, by the name that stands in its address: an address says nothing of its own."""

SAID: dict[str, str] = {
    "remit_released": "It is released. The next reconcile posts it.",
    "remit_replaced": "The other one stands in its place. The next reconcile brings the books up to it.",
    "claim_matched": "The claim is matched. The next reconcile puts it with its visit.",
    "settled_before": "It was settled so before; nothing changed.",
    "looked": "The checklist was judged anew.",
    "explained": "Kept: why the point may stand.",
    "closed": "The month is closed. Its figures stay as they are from now on.",
    "stays_open": "The month stays open, nothing was written: the points below hold it up.",
    "reopened": "The month is open again. What was published stays readable as its version.",
    "packed": "The pack is whole.",
    "leak_assigned": "The leak is given to them, and stands on the worklist.",
    "leak_noted": "Your note is kept.",
    "leak_resolved": "The leak is resolved. It leaves the figures once the books show it.",
    "leak_dismissed": "The leak is dismissed. It stays in the figures, shown apart with your reason.",
    "leak_reopened": "The leak is open again.",
}
