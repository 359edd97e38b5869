"""What a page says after a deed, by the name that stands in its address: an address says nothing of its own."""

SAID: dict[str, str] = {}
